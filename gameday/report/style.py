"""How the page looks: on a screen, light or dark, wide or narrow, and on paper, A4 or letter."""

from __future__ import annotations

_LIGHT = """
--paper: #ffffff; --panel: #f5f6f8; --ink: #1b2330; --soft: #535d6b; --rule: #d3d8df; --link: #1a55a3;
--bad: #b3261e; --good: #1d6b3c; --bad-fill: #f6cfcb; --value: #1a55a3;
--c0: #1a55a3; --c1: #a8490a; --c2: #1d6b3c; --c3: #8a2a82; --c4: #6b5a00; --c5: #0b6a78; --c6: #a3254f; --c7: #4d4d4d;
"""
_DARK = """
--paper: #14181f; --panel: #1d232d; --ink: #e6eaf0; --soft: #a7b1bf; --rule: #39424f; --link: #8ab6f5;
--bad: #ff9a90; --good: #7fd6a2; --bad-fill: #5a2622; --value: #8ab6f5;
--c0: #8ab6f5; --c1: #f2a86b; --c2: #7fd6a2; --c3: #e09bda; --c4: #ddca5a; --c5: #6fd0de; --c6: #f59ab5; --c7: #c4c4c4;
"""
_LINES = "\n".join(
    f".c{at} {{ stroke: var(--c{at}); }} circle.c{at} {{ fill: var(--c{at}); }}" for at in range(8)
)
STYLE = f"""
:root {{ color-scheme: light dark; {_LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
* {{ box-sizing: border-box; }}
html {{ -webkit-text-size-adjust: 100%; }}
body {{ margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }}
main, header, nav {{ max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }}
header {{ padding-top: 2.5rem; }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.45rem; line-height: 1.25; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--ink);
  overflow-wrap: anywhere; }}
h3 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
p {{ margin: .5rem 0 .75rem; max-width: 46rem; overflow-wrap: anywhere; }}
.subtitle {{ color: var(--soft); margin: 0 0 1rem; }}
.lead {{ font-size: 1.1rem; }}
a {{ color: var(--link); }}
nav ul {{ list-style: none; margin: 1rem 0 0; padding: .75rem 1rem; background: var(--panel); border-radius: 6px; columns: 18rem; }}
nav li {{ padding: .15rem 0; overflow-wrap: anywhere; break-inside: avoid; }}
code {{ font: .86em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }}
table code {{ overflow-wrap: break-word; }}
.scroll {{ overflow-x: auto; margin: 1rem 0 1.5rem; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.4; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; font-weight: 600; padding: 0 0 .4rem; }}
caption span {{ display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2.5rem); }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--rule); overflow-wrap: break-word; }}
th:first-child, td:first-child {{ padding-left: .2rem; }}
thead th {{ font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--rule); vertical-align: bottom; }}
tbody th {{ font-weight: 400; }}
.number {{ text-align: right; }}
.unseen {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }}
td.number, th.number[scope=row], td.short, th.short {{ white-space: nowrap; }}
.wide {{ min-width: 11rem; }}
tr.strong > * {{ font-weight: 600; background: var(--panel); }}
svg.bar {{ display: block; width: 100%; min-width: 3.5rem; height: .4rem; margin-top: .2rem; }}
svg.bar rect {{ fill: var(--rule); }}
svg.bar rect + rect {{ fill: var(--value); }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; }}
.tiles div {{ background: var(--panel); border-radius: 6px; padding: .6rem .8rem; }}
.tiles dt {{ font-size: .8rem; color: var(--soft); }}
.tiles dd {{ margin: 0; font-size: 1.15rem; font-weight: 600; line-height: 1.3; }}
.tiles dd small {{ display: block; font-size: .8rem; font-weight: 400; color: var(--soft); }}
figure {{ margin: 1rem 0 1.75rem; }}
figcaption {{ font-size: .9rem; font-weight: 600; margin-bottom: .5rem; overflow-wrap: anywhere; }}
figcaption small {{ display: block; font-size: .9em; font-weight: 400; margin-top: .15rem; color: var(--soft); }}
.timeline td:first-child {{ white-space: nowrap; width: 4.5rem; }}
.timeline .kind {{ white-space: nowrap; width: 7rem; }}
.timeline .kind span {{ display: inline-block; border: 1px solid currentColor; border-radius: 3px;
  padding: 0 .35em; font-size: .88em; color: var(--soft); }}
.timeline tr.bad .kind span {{ color: var(--bad); border-width: 2px; }}
.timeline tr.good .kind span {{ color: var(--good); border-style: double; border-width: 3px; }}
.timeline small {{ display: block; color: var(--soft); font-size: .94em; overflow-wrap: anywhere; }}
.timeline code {{ display: block; }}
ol.questions {{ padding-left: 1.4rem; }}
ol.questions li {{ margin: 0 0 1.5rem; break-inside: avoid; }}
.room, .actions {{ display: none; }}
svg.chart {{ display: block; width: 100%; height: auto; min-width: 38rem; font-size: 11px; }}
svg.chart text {{ fill: var(--ink); }}
svg.chart text.heading {{ font-weight: 600; font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 5px;
  stroke-linejoin: round; }}
svg.chart text.tick {{ fill: var(--soft); font-size: 10.5px; }}
svg.chart text.bound {{ font-size: 10.5px; }}
svg.chart text.number {{ fill: var(--paper); font-weight: 700; font-size: 10px; }}
.grid {{ stroke: var(--rule); stroke-width: .8; }}
.axis, .zero {{ stroke: var(--soft); stroke-width: 1.1; }}
.frame {{ fill: none; stroke: var(--soft); stroke-width: .8; }}
.threshold {{ stroke: var(--bad); stroke-width: 1.3; stroke-dasharray: 5 3; }}
.value {{ fill: none; stroke: var(--value); stroke-width: 1.6; stroke-linejoin: round; }}
rect.bad {{ fill: var(--bad-fill); opacity: .7; }}
.hatch {{ stroke: var(--bad); stroke-width: .7; fill: none; opacity: .55; }}
.line {{ fill: none; stroke-width: 1.9; stroke-linejoin: round; }}
.leader {{ fill: none; stroke: var(--soft); stroke-width: .8; }}
.badge {{ stroke: none; }}
.mark {{ fill: none; stroke: var(--soft); stroke-width: 1; }}
.mark.injection {{ stroke: var(--bad); stroke-width: 1.3; }}
.mark.decoy {{ stroke-dasharray: 1 3; }}
.mark.detected {{ stroke-dasharray: 4 3; }}
.mark.diagnosed {{ stroke-dasharray: 8 3; }}
.mark.mitigated, .mark.restored {{ stroke: var(--good); stroke-width: 1.3; }}
.sign {{ fill: var(--paper); stroke: var(--soft); stroke-width: 1.4; }}
.sign.injection {{ fill: var(--bad); stroke: var(--bad); }}
.sign.diagnosed {{ fill: var(--soft); }}
.sign.mitigated {{ stroke: var(--good); }}
.sign.restored {{ fill: var(--good); stroke: var(--good); }}
{_LINES}
footer {{ max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; color: var(--soft); font-size: .85rem; }}
@media screen and (max-width: 40rem) {{
  h1 {{ font-size: 1.6rem; }}
  main, header, nav {{ padding: 0 1rem; }}
  header {{ padding-top: 1.5rem; }}
  .tiles {{ grid-template-columns: repeat(2, 1fr); }}
}}
@page {{ margin: 16mm 14mm 18mm;
  @bottom-right {{ content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; color: #535d6b; }} }}
@media print {{
  :root {{ color-scheme: light; {_LIGHT} }}
  body {{ font-size: 10pt; line-height: 1.4; }}
  main, header, nav, footer {{ max-width: none; padding: 0; }}
  nav, .skip {{ display: none; }}
  a {{ color: inherit; text-decoration: none; }}
  h1 {{ font-size: 20pt; }} h2 {{ font-size: 14pt; margin-top: 7mm; }} h3 {{ font-size: 11pt; margin-top: 5mm; }}
  section.new-page {{ break-before: page; }}
  section.new-page > h2 {{ margin-top: 0; }}
  h2, h3, caption, figcaption, h3 + p:not(:last-child) {{ break-after: avoid; }}
  figcaption {{ font-size: 9pt; }}
  p {{ max-width: none; orphans: 3; widows: 3; }}
  table {{ font-size: 8.5pt; }}
  th, td {{ padding: 1mm 1.6mm; }}
  thead {{ display: table-header-group; }}
  tr, figure, .tiles {{ break-inside: avoid; }}
  caption span {{ max-width: none; }}
  .scroll {{ overflow: visible; margin: 2mm 0 4mm; }}
  .wide {{ min-width: 0; }}
  svg.chart {{ min-width: 0; max-height: 168mm; }}
  table:not(.timeline) {{ break-inside: avoid; }}
  .timeline thead {{ break-after: avoid; }}
  .timeline tbody tr:nth-child(-n+2) {{ break-after: avoid; }}
  .timeline tbody tr:nth-last-child(-n+2) {{ break-before: avoid; }}
  .tiles {{ grid-template-columns: repeat(6, 1fr); gap: 2mm; }}
  .tiles div {{ border: 1px solid var(--rule); padding: 1.5mm 2mm; }}
  .tiles dt, .tiles dd small {{ font-size: 7.5pt; }} .tiles dd {{ font-size: 10pt; }}
  .room {{ display: block; }}
  .room i {{ display: block; height: 8.5mm; border-bottom: 1px solid #8b93a0; }}
  .actions {{ display: table; break-inside: avoid; }}
  .actions td {{ border: 1px solid #8b93a0; }}
  .actions td + td {{ width: 22%; }}
  .actions td {{ height: 10mm; }}
}}
"""
