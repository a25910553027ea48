import { isIndexing } from "#shared/is-indexing.ts";

const MARKER = /^[[【［]\s*(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\s*[\]】］]/;
const MAY_BECOME_MARKER = /^[[【［][\d\s,，、]{0,24}$/;
const OPENING = /[[【［]/;
const LOOK_BEHIND = 3;

export type FilteredText = { readonly text: string; readonly removed: number };

/**
 * Lets only markers through that resolve to evidence `1..count`, whatever way the model's deltas cut them. `[2, 9]`
 * becomes `[2]`, `【1】` becomes `[1]`. Text is held back only while it could still become a marker.
 */
export function createMarkerFilter(count: number): { push(delta: string): FilteredText; end(): FilteredText } {
  let pending = "";
  let before = "";

  function drain(final: boolean): FilteredText {
    let text = "";
    let removed = 0;
    const emit = (piece: string): void => {
      text += piece;
      before = (before + piece).slice(-8);
    };
    while (pending !== "") {
      const at = pending.search(OPENING);
      if (at !== 0) {
        emit(at < 0 ? pending : pending.slice(0, at));
        pending = at < 0 ? "" : pending.slice(at);
        continue;
      }
      const found = MARKER.exec(pending);
      if (!found && !final && MAY_BECOME_MARKER.test(pending)) break;
      if (!found) {
        emit(pending.slice(0, 1));
        pending = pending.slice(1);
        continue;
      }
      const behind = pending.slice(found[0].length);
      if (behind.length < LOOK_BEHIND && !final) break;
      pending = behind;
      if (isIndexing(before, behind)) {
        emit(found[0]);
        continue;
      }
      const numbers = found[1]!.split(/\s*[,，、]\s*/).map(Number);
      const valid = numbers.filter((n) => n >= 1 && n <= count);
      removed += numbers.length - valid.length;
      emit(valid.map((n) => `[${n}]`).join(""));
    }
    return { text, removed };
  }

  return {
    push(delta) {
      pending += delta;
      return drain(false);
    },
    end: () => drain(true),
  };
}
