// Draws the diagrams of a page, whose source stands in it for readers without scripts.
const dark = document.body.dataset.theme === "dark" || (
  document.body.dataset.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches
);
mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "neutral" });
mermaid.run();
