const channel = new BroadcastChannel("cairn");

/** Something that other tabs of the page show, too, has changed. */
export function tellTabs(what: "conversations" | "session"): void {
  channel.postMessage(what);
}

/** Calls back when another tab changed something, and when the reader returns to this one. */
export function onTabs(then: (what: "conversations" | "session" | "return") => void): void {
  channel.addEventListener("message", ({ data }) => {
    if (data === "conversations" || data === "session") then(data);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") then("return");
  });
}
