"""The style sheet: relative to the colour and the font around it, so that it fits the theme of every notebook."""

from mlopskit.markup.svg import WIDTH

DOCUMENT = """
:root { color-scheme: light dark; }
body { margin: 0; color: #1c2127; background: #fff;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 3rem 1.5rem 5rem; box-sizing: border-box; }
header { margin-bottom: 2rem; }
@media (prefers-color-scheme: dark) { body { color: #e4e7eb; background: #16191d; } }
@media print { body { color: #000; background: #fff; font-size: 10pt; } main { max-width: none; padding: 0; } }
"""

WIDE_CHARTS = f"figure > svg[width='{WIDTH:g}'] {{ width: 100%; min-width: 30rem; }}\n"

COMPONENTS = """
.mlopskit { font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.mlopskit h1, .mlopskit h2, .mlopskit h3, .mlopskit h4 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
.mlopskit h1 { font-size: 2rem; letter-spacing: -.015em; margin: 0; }
.mlopskit h2 { font-size: 1.3rem; margin: 3rem 0 .75rem; }
.mlopskit h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.mlopskit h4 { font-size: .95rem; margin: 1.5rem 0 .5rem; }
.mlopskit p { margin: .5rem 0 1rem; max-width: 70ch; }
.mlopskit a { color: inherit; text-decoration-color: #2a7fba; text-decoration-thickness: 2px;
  text-underline-offset: 3px; }
.mlopskit svg { font-family: inherit; max-width: 100%; height: auto; vertical-align: middle; }
.mlopskit td svg { max-width: none; }
.mlopskit .mk-subtitle { font-size: 1.05rem; opacity: .72; margin: .35rem 0 0; }
.mlopskit .mk-empty, .mlopskit .mk-missing, .mlopskit .mk-when { opacity: .66; }
.mlopskit .mk-scroll { overflow-x: auto; margin: .75rem 0 1.25rem; }
@media screen { .mlopskit .mk-scroll > svg { max-width: none; } }
.mlopskit table { border-collapse: collapse; border: 0; margin: 0; font-size: .9em; line-height: 1.4; min-width: 50%; }
.mlopskit caption { caption-side: top; text-align: left; padding: 0 0 .5rem; opacity: .72; }
.mlopskit.mlopskit th, .mlopskit.mlopskit td { text-align: left; vertical-align: middle; border: 0;
  padding: .42em 1.6em .42em 0; border-bottom: 1px solid rgba(127, 127, 127, .22); max-width: 44ch;
  white-space: normal; }
.mlopskit.mlopskit th { font-weight: 600; white-space: nowrap; border-bottom: 1.5px solid rgba(127, 127, 127, .7); }
.mlopskit tbody tr:nth-child(n) { background: none; }
.mlopskit tbody tr:nth-child(n):hover { background: rgba(127, 127, 127, .1); }
.mlopskit.mlopskit .mk-number { text-align: right; white-space: nowrap; }
.mlopskit .mk-shape { flex: none; width: 1em; height: 1em; vertical-align: -.12em; }
.mlopskit .mk-badge { display: inline-block; unicode-bidi: isolate; white-space: nowrap; font-weight: 500; }
.mlopskit .mk-badge .mk-shape { margin-right: .4em; }
.mlopskit .mk-facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.75rem;
  margin: .75rem 0 1.25rem; font-size: .95em; }
.mlopskit.mlopskit dt, .mlopskit.mlopskit dd { display: block; float: none; width: auto; margin: 0; padding: 0; }
.mlopskit.mlopskit dt { font-weight: 400; opacity: .72; }
.mlopskit .mk-headline { display: flex; flex-wrap: wrap; gap: 1rem 3.5rem; margin: 1.5rem 0; }
.mlopskit time { white-space: nowrap; }
.mlopskit .mk-headline dt { font-size: .85em; }
.mlopskit .mk-headline .mk-badge { font-weight: inherit; }
.mlopskit .mk-headline dd { font-size: 1.5em; font-weight: 600; letter-spacing: -.01em; }
.mlopskit .mk-note { display: flex; gap: .75rem; align-items: baseline; margin: 1rem 0; padding: .7rem 1rem;
  max-width: 75ch; border-radius: 4px; background: rgba(127, 127, 127, .1); }
.mlopskit .mk-note.mk-warn { background: rgba(217, 138, 0, .13); }
.mlopskit .mk-note.mk-fail { background: rgba(213, 94, 0, .13); }
.mlopskit .mk-note.mk-ok { background: rgba(0, 158, 115, .13); }
.mlopskit .mk-timeline { list-style: none; margin: 1rem 0; padding: 0; }
.mlopskit .mk-timeline li { position: relative; margin: 0; padding: 0 0 1.1rem 2rem; }
.mlopskit .mk-timeline li::before { content: ""; position: absolute; left: .47rem; top: 1.45em; bottom: -.1em;
  border-left: 1.5px solid rgba(127, 127, 127, .4); }
.mlopskit .mk-timeline li:last-child::before { display: none; }
.mlopskit .mk-timeline .mk-shape { position: absolute; left: 0; top: .28em; }
.mlopskit .mk-timeline strong { font-weight: 600; }
.mlopskit .mk-when { font-size: .9em; margin-left: .5em; white-space: nowrap; }
.mlopskit .mk-detail { font-size: .95em; opacity: .85; max-width: 75ch; }
.mlopskit .mk-findings { list-style: none; margin: .75rem 0 1.5rem; padding: 0; }
.mlopskit .mk-findings > li { margin: 0 0 .55rem; padding: .2rem 0 .2rem .9rem; border-left: 3px solid #808080; }
.mlopskit .mk-findings > li.mk-fail { border-color: #d55e00; }
.mlopskit .mk-findings > li.mk-warn { border-color: #d98a00; }
.mlopskit .mk-findings > li.mk-ok { border-color: #009e73; }
.mlopskit .mk-findings > li > div { max-width: 90ch; font-size: .95em; opacity: .85; }
.mlopskit .mk-findings > li > div:first-child { display: flex; flex-wrap: wrap; gap: 0 1.5rem; font-size: 1em;
  opacity: 1; }
.mlopskit .mk-findings strong { flex: 1 1 20rem; font-weight: 600; overflow-wrap: anywhere; }
.mlopskit .mk-findings details { margin: 0; font-size: .9em; }
.mlopskit .mk-share { flex: none; width: 14em; font-size: .9em; white-space: nowrap; }
.mlopskit .mk-share svg { margin-right: .6em; }
.mlopskit figure { margin: 1rem 0 1.75rem; overflow-x: auto; }
.mlopskit figcaption { font-size: .9em; opacity: .72; max-width: 75ch; margin-top: .4rem; }
.mlopskit img { max-width: 100%; height: auto; background: #fff; }
.mlopskit pre { overflow-x: auto; padding: .8rem 1rem; border-radius: 4px; background: rgba(127, 127, 127, .1);
  font-size: .85em; line-height: 1.45; }
.mlopskit details { margin: .75rem 0; }
.mlopskit summary { cursor: pointer; }
.mlopskit .mk-side-by-side { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.mlopskit .mk-side-by-side > div { flex: 1 1 30rem; min-width: 0; }
@media print { .mlopskit figure, .mlopskit tr, .mlopskit li { break-inside: avoid; }
  .mlopskit .mk-scroll { overflow: visible; } }
"""
