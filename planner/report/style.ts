// The page's look: one style sheet, no font and no image from anywhere. Light, dark, print, and screens from 320 px on.
const LIGHT = `--bg:#f4f7f8;--paper:#fff;--ink:#12212b;--soft:#4b606d;--faint:#7b8d98;--rule:#dbe4e9;--rule-soft:#ebf0f3;
--accent:#0a6577;--accent-soft:#e3f1f4;--per-ship:#0f7f93;--fixed:#4763a8;--usage:#b5651d;--rest:#8495a0;
--bad:#b3261e;--bad-soft:#fcebea;--good:#16703f;--good-soft:#e5f4ec;--warn:#8a5300;--warn-soft:#fdf3e2;
--zone:#eef4f6;--node:#fff;--node-edge:#9db8c2;--system:#eef0f8;--ship:#0f7f93;--less:#5d8fb5;--more:#c4762f;--onfill:#fff`;
const DARK = `--bg:#0c1418;--paper:#131e24;--ink:#e7eef1;--soft:#a5b7c1;--faint:#7d909b;--rule:#2a3b44;--rule-soft:#1d2b33;
--accent:#63c3d3;--accent-soft:#12313a;--per-ship:#36a3b6;--fixed:#7f9ce3;--usage:#dd9a4a;--rest:#6f818c;
--bad:#ff9188;--bad-soft:#3a1c1b;--good:#72d19c;--good-soft:#13301f;--warn:#efb968;--warn-soft:#33260f;
--zone:#1a2830;--node:#223440;--node-edge:#4a6877;--system:#252f48;--ship:#55c4d6;--less:#6ea6d0;--more:#dd9a4a;--onfill:#1b0c0b`;

export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
main,header.page,footer{max-width:1040px;margin:0 auto;padding:0 40px}
header.page{padding-top:28px;display:flex;justify-content:space-between;gap:16px;flex-wrap:wrap;color:var(--soft);font-size:13px}
header.page strong{color:var(--accent);letter-spacing:.02em}
section{background:var(--paper);border:1px solid var(--rule);border-radius:14px;padding:28px 39px 32px;margin:20px -40px}
h1{font-size:34px;line-height:1.15;margin:6px 0 10px;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:20px;line-height:1.25;margin:0 0 6px;letter-spacing:-.005em}
h3,h2.minor{font-size:14px;margin:22px 0 8px}
p{margin:0 0 12px;max-width:72ch}
.lead{font-size:17px;color:var(--soft);max-width:66ch}
.note{color:var(--soft);font-size:13.5px}
.verdict{display:inline-block;padding:3px 11px;border-radius:99px;font-size:13px;font-weight:650;background:var(--good-soft);color:var(--good)}
.verdict.no{background:var(--bad-soft);color:var(--bad)}
.price{display:flex;align-items:baseline;gap:10px;flex-wrap:wrap;margin:20px 0 4px}
.price b{font-size:52px;line-height:1;letter-spacing:-.03em;font-weight:700}
.price span{color:var(--soft)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin:24px 0 20px;background:var(--rule);border:1px solid var(--rule);border-radius:10px;overflow:hidden}
.facts div{background:var(--paper);padding:12px 16px}
.facts dt{font-size:12.5px;color:var(--soft)}
.facts dd{margin:2px 0 0;font-size:19px;font-weight:650;letter-spacing:-.01em}
.facts dd small{display:block;font-size:12.5px;font-weight:400;color:var(--soft);letter-spacing:0}
dl{margin:0}
ul.plain{list-style:none;margin:0;padding:0}
ul.plain li{padding:7px 0 7px 22px;position:relative;border-top:1px solid var(--rule-soft)}
ul.plain li:first-child{border-top:0}
ul.plain li::before{content:"";position:absolute;left:3px;top:15px;width:7px;height:7px;border-radius:50%;background:var(--accent)}
ul.plain.warn li::before{background:var(--warn)}
ol.steps{margin:8px 0 0;padding:0;list-style:none;counter-reset:step}
ol.steps li{counter-increment:step;padding:12px 0 12px 40px;position:relative;border-top:1px solid var(--rule)}
ol.steps li:first-child{border-top:0}
ol.steps li::before{content:counter(step);position:absolute;left:0;top:12px;width:26px;height:26px;border-radius:50%;background:var(--accent-soft);color:var(--accent);font-weight:700;font-size:13px;display:grid;place-items:center}
ol.limits li::before{background:var(--bad);color:var(--onfill)}
ol.steps b{font-weight:650}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;background:var(--accent-soft);padding:2px 6px;border-radius:5px;overflow-wrap:anywhere}
figure{margin:16px 0 0}
figure svg{display:block;width:100%;height:auto}
.narrow{display:none}
.legend{display:flex;gap:6px 18px;flex-wrap:wrap;font-size:13px;color:var(--soft);margin:12px 0 0;padding:0;list-style:none}
figure+.note{margin-top:14px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:7px;vertical-align:-1px}
.legend i.band{height:0;width:18px;border-top:1.5px solid var(--ink);border-radius:0;vertical-align:4px}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:16px 0 0}
th,td{text-align:left;vertical-align:top;padding:11px 14px 11px 0;border-top:1px solid var(--rule)}
thead th{border-top:0;font-size:12.5px;font-weight:600;color:var(--soft);padding-top:0;vertical-align:bottom}
th:last-child,td:last-child{padding-right:0}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
td small,th small{display:block;color:var(--soft);font-size:12.5px;font-weight:400}
tbody th{font-weight:600}
tr.chosen>*{background:var(--accent-soft)}
tr.chosen>*:last-child{padding-right:12px}
tr.chosen>*:first-child{box-shadow:inset 3px 0 0 var(--accent);padding-left:12px}
.badge{display:inline-block;font-size:12px;font-weight:600;padding:1px 8px;border-radius:99px;background:var(--rule-soft);color:var(--soft);white-space:nowrap}
.badge.good{background:var(--good-soft);color:var(--good)}
.badge.bad{background:var(--bad-soft);color:var(--bad)}
.badge.warn{background:var(--warn-soft);color:var(--warn)}
.reasons{margin:4px 0 0;padding:0;list-style:none}
.reasons li{margin:0 0 5px;max-width:64ch}
.reasons .fix{color:var(--soft)}
details{margin:4px 0 0}
summary{cursor:pointer;color:var(--accent);font-weight:600;font-size:13px}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));gap:0 36px}
.asked{display:grid;grid-template-columns:minmax(120px,max-content) 1fr;font-size:13.5px}
.asked dt,.asked dd{padding:6px 0;border-top:1px solid var(--rule-soft);margin:0}
.asked dt{color:var(--soft);padding-right:20px}
.asked .assumed{color:var(--soft);font-size:12.5px}
footer{padding-top:8px;padding-bottom:40px;color:var(--soft);font-size:12.5px}
.t-ink{fill:var(--ink)}.t-soft{fill:var(--soft)}.t-faint{fill:var(--faint)}.t-bad{fill:var(--bad)}.t-good{fill:var(--good)}.t-onfill{fill:var(--onfill)}
svg text{font-family:inherit}
svg .grid{stroke:var(--rule);stroke-width:1}
svg .axis{stroke:var(--ink);stroke-width:1.2}
svg .whisker{stroke:var(--ink);stroke-width:1.3;opacity:.75}
svg .budget{stroke:var(--bad);stroke-width:2;stroke-dasharray:5 4}
svg .curve{fill:none;stroke:var(--per-ship);stroke-width:2.5;stroke-linejoin:round}
svg .area{fill:var(--per-ship);opacity:.1}
svg .dot{fill:var(--per-ship)}
svg .hit{fill:var(--bad);stroke:var(--paper);stroke-width:2}
svg .bar{fill:var(--per-ship)}
svg .k-fixed{fill:var(--fixed)}svg .k-usage{fill:var(--usage)}svg .k-rest{fill:var(--rest)}svg .over{fill:var(--bad)}
svg .track{fill:var(--rule-soft)}
svg .less{fill:var(--less)}svg .more{fill:var(--more)}
svg .region{fill:none;stroke:var(--accent);stroke-width:1.5}
svg .zone{fill:var(--zone)}
svg .node{fill:var(--node);stroke:var(--node-edge);stroke-width:1}
svg .node.system{fill:var(--system)}
svg .node.behind{opacity:.65}
svg .ship{fill:var(--ship)}
svg .service{fill:none;stroke:var(--rule);stroke-width:1.2}
svg .entry{fill:var(--accent-soft)}
svg .dr{fill:none;stroke:var(--accent);stroke-width:1.5;stroke-dasharray:6 4}
svg .flow{fill:none;stroke:var(--soft);stroke-width:1.5}
svg .dashed{stroke-dasharray:4 4}
i.k-per-ship{background:var(--per-ship)}i.k-fixed{background:var(--fixed)}i.k-usage{background:var(--usage)}i.k-rest{background:var(--rest)}
i.less{background:var(--less)}i.more{background:var(--more)}
@media screen and (max-width:760px){
main,header.page,footer{padding-left:16px;padding-right:16px}
section{margin-left:-16px;margin-right:-16px;border-left:0;border-right:0;border-radius:0;padding:24px 16px 26px}
h1{font-size:27px}.price b{font-size:42px}
.wide{display:none}.narrow{display:block;max-width:420px}
table.cards thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table.cards,table.cards tbody{display:block}
table.cards tr{display:grid;grid-template-columns:1fr 1fr;gap:6px 14px;padding:14px 0;border-top:1px solid var(--rule)}
table.cards tr.chosen{background:var(--accent-soft);margin:0 -16px;padding:14px 16px}
table.cards tr.chosen>*{background:none;box-shadow:none}
table.cards tr.chosen>*:last-child{padding-right:12px}
tr.chosen>*:first-child{box-shadow:none;padding-left:0}
table.cards th,table.cards td{display:block;border:0;padding:0;text-align:left;white-space:normal;min-width:0}
table.cards .full{grid-column:1/-1}
table.cards td[data-label]::before{content:attr(data-label);display:block;font-size:12px;color:var(--soft)}
.asked{grid-template-columns:1fr}.asked dd{border-top:0;padding-top:0}
}
@media print{
:root{--bg:#fff}
body{font-size:11pt}
main,header.page,footer{max-width:none;padding:0}
section{border:0;margin:0;padding:10pt 0;border-radius:0}
h2,h3,figcaption{break-after:avoid}
figure,tr,li,.facts{break-inside:avoid}
details::details-content{content-visibility:visible;height:auto}
summary{display:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
@page{margin:16mm 15mm}
}
`.replace(/\n/g, "");
