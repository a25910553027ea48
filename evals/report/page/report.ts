/** Filters, sorting and opening of the question table. Everything is in the page already; without this it only lies open. */
const table = document.querySelector<HTMLTableElement>("table.questions")!;
const groups = [...table.tBodies];
const controls = [...document.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[data-filter]")];
const output = document.querySelector("form.filters output")!;

function show(): void {
  const wanted = new Map(controls.map((control) => [control.dataset.filter!, control.value.trim().toLowerCase()]));
  let shown = 0;
  for (const group of groups) {
    const fits = [...wanted].every(([name, value]) => {
      if (value === "") return true;
      if (name === "text") return group.textContent!.toLowerCase().includes(value);
      if (name === "state") return group.dataset.state!.split(" ").includes(value);
      return group.dataset[name]!.toLowerCase() === value;
    });
    group.hidden = !fits;
    if (fits) shown += 1;
  }
  output.textContent = `${shown} of ${groups.length}`;
}

function open(row: HTMLTableRowElement): void {
  const more = row.nextElementSibling as HTMLTableRowElement;
  more.hidden = !more.hidden;
  row.setAttribute("aria-expanded", String(!more.hidden));
}

function sortBy(column: number, descending: boolean): void {
  const textOf = (group: HTMLTableSectionElement): string => group.rows[0]!.cells[column]!.textContent!.trim();
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sorted = groups.toSorted((a, b) => collator.compare(textOf(a), textOf(b)));
  table.append(...(descending ? sorted.reverse() : sorted));
}

for (const control of controls) control.addEventListener("input", show);
document.querySelector("form.filters")!.addEventListener("submit", (event) => event.preventDefault());
table.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const button = target.closest<HTMLButtonElement>("thead button");
  if (button) {
    const cell = button.closest("th")!;
    const descending = cell.getAttribute("aria-sort") === "ascending";
    for (const other of cell.parentElement!.children) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    sortBy(cell.cellIndex, descending);
    return;
  }
  const row = target.closest<HTMLTableRowElement>("tr.row");
  // Somebody who marks text does not want the row to close.
  if (row && getSelection()?.toString() === "") open(row);
});
table.addEventListener("keydown", (event) => {
  const row = (event.target as HTMLElement).closest<HTMLTableRowElement>("tr.row");
  if (!row || (event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  open(row);
});
show();
