"""Pages in headless Chromium: nothing on them is cut off or overflows, and axe, which checks how accessible pages are, finds
nothing. The pages have no scripts; what measures them runs beside them.
"""

import base64
import os

WIDTHS = [320, 390, 768, 1280]
SCHEMES = ["light", "dark"]

MEASURE = """() => {
  const faults = [];
  const seen = (element) => {
    const name = element.tagName.toLowerCase();
    const text = (element.textContent || "").trim().slice(0, 30);
    return element.className ? `${name}.${element.className} "${text}"` : `${name} "${text}"`;
  };
  const wide = document.documentElement.scrollWidth;
  if (wide > window.innerWidth) faults.push(`the page is ${wide} wide`);
  for (const element of document.querySelectorAll("body, body *")) {
    const hidden = getComputedStyle(element).display === "none" || element.type === "hidden";
    if (hidden || element.closest("svg")) continue;
    const { left, right, width } = element.getBoundingClientRect();
    if (width === 0) faults.push(`${seen(element)} has no width`);
    if (left < 0 || right > window.innerWidth + 0.5) faults.push(`${seen(element)} is outside`);
    // Inline elements have no client width, and a text field scrolls along what is typed.
    const isField = element.tagName === "INPUT";
    if (!isField && element.clientWidth > 0 && element.scrollWidth > element.clientWidth)
      faults.push(`${seen(element)} is ${element.scrollWidth} wide in ${element.clientWidth}`);
    const clips = getComputedStyle(element).overflowY !== "visible";
    if (clips && element.scrollHeight > element.clientHeight && element !== document.body)
      faults.push(`${seen(element)} is ${element.scrollHeight} high in ${element.clientHeight}`);
  }
  return faults;
}"""


# Browsers may break a line behind a hyphen. Codes have one anywhere, and the code of one sign-in would tell little.
SPOIL = """(position) => {
  const code = document.querySelector("textarea");
  code.value = "W".repeat(position) + "-" + "W".repeat(42 - position);
}"""


# What a camera would read in a picture.
READ = """async (picture) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, image.width, image.height);
  return jsQR(data, width, height)?.data;
}"""


# Rules of WCAG 2.2 to level AA, and what axe recommends beyond.
AXE = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await axe.run(document, { runOnly: tags, preload: false });
  const where = (rule) => rule.nodes.map((node) => node.target.join(" ")).join(", ");
  const told = (rule) => `${rule.id}: ${rule.help} (${where(rule)})`;
  return { passes: found.passes.length, faults: found.violations.map(told) };
}"""


class Gallery:
    def __init__(self, page, axe, folder):
        self.page, self.axe, self.folder = page, axe, folder
        self.pages, self.faults, self.passes = [], [], 0

    def look(self, name, text):
        """Measures the page that is shown now, which says `text`, in all widths and schemes."""
        shown = self.page.inner_text("body")
        if text not in shown:
            self.faults.append(f"{name} does not say {text!r} but {shown!r}")
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 800})
                faults = self.page.evaluate(MEASURE)
                self.faults += [f"{name}, {width} px, {scheme}: {fault}" for fault in faults]
                if self.folder:
                    file = f"{name}-{width}-{scheme}.png"
                    self.page.screenshot(path=os.path.join(self.folder, file), full_page=True)
            # Colours differ by scheme; what else axe looks at does not depend on the width.
            self.page.evaluate(self.axe)
            found = self.page.evaluate(AXE)
            self.passes += found["passes"]
            self.faults += [f"{name}, {scheme}: {fault}" for fault in found["faults"]]
        self.pages.append(name)

    def look_at_codes(self, name):
        """Measures the page of the code with every code that wraps in another way."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            for position in range(43):
                self.page.evaluate(SPOIL, position)
                faults = self.page.evaluate(MEASURE)
                self.faults += [f"{name} {position}, {width} px: {fault}" for fault in faults]

    def look_at_picture(self, reader, text):
        """Reads the QR code of the page in all widths and schemes, with a script that does so: it has `text` in it."""
        beside = self.page.context.browser.new_page()
        beside.evaluate(reader)
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 800})
                picture = base64.b64encode(self.page.locator("svg.qr").screenshot()).decode()
                read = beside.evaluate(READ, f"data:image/png;base64,{picture}")
                if text not in (read or ""):
                    self.faults.append(f"the QR code says {read!r}, {width} px, {scheme}")
        beside.close()

    def told(self):
        """What was looked at and what was found."""
        return {"pages": self.pages, "passes": self.passes, "faults": self.faults}
