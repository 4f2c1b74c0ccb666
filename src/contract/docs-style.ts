/** The style sheet of the documentation page. Its hash is part of the page's content security policy. */
export const DOCS_STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--well:#f4f6f8;--line:#d8dee4;--link:#0b61c4;
--get:#0b6b3a;--post:#8a4b00;--put:#6b3fa0;--delete:#b3261e;--head:#57606a}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4af;--paper:#14171b;--well:#1d2228;--line:#323940;
--link:#7ab5ff;--get:#5fd08f;--post:#f0b25f;--put:#c6a3f5;--delete:#ff8f87;--head:#9aa4af}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);
display:grid;grid-template-columns:20rem minmax(0,1fr)}
a{color:var(--link);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
code,pre,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
code{background:var(--well);padding:.1em .3em;border-radius:3px;overflow-wrap:anywhere}
pre{background:var(--well);padding:.8rem 1rem;border-radius:6px;overflow-x:auto;margin:.5rem 0}
pre code{background:none;padding:0;overflow-wrap:normal}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1.2rem 1rem;border-right:1px solid var(--line)}
nav ul{list-style:none;margin:.2rem 0 1rem;padding:0}
nav li a{display:flex;gap:.5rem;align-items:baseline;padding:.1rem 0}
nav li span:last-child{min-width:0;overflow-wrap:anywhere}
nav strong,h2{text-transform:capitalize}
main{padding:1.5rem 2.5rem 4rem;max-width:64rem}
h1{margin:.2rem 0}
h1 small,.soft{color:var(--soft);font-weight:400}
h2{margin-top:3rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
article{padding:1rem 0 1.5rem;border-bottom:1px solid var(--line)}
h3{margin:.2rem 0;font-size:1.15rem}
h4{margin:1.1rem 0 .3rem;font-size:.85rem;text-transform:uppercase;letter-spacing:.05em;color:var(--soft)}
.route{display:flex;gap:.7rem;align-items:baseline;flex-wrap:wrap}
.path{overflow-wrap:anywhere}
.method{flex:none;font:600 .75rem ui-monospace,Menlo,Consolas,monospace;min-width:3.6rem;color:var(--head)}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}
.tag{font-size:.8rem;border:1px solid var(--line);border-radius:1em;padding:0 .6em;color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92em}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft)}
td:last-child{min-width:14rem}
td:first-child code{overflow-wrap:normal;white-space:nowrap}
summary{cursor:pointer;padding:.2rem 0}
dl{margin:0}dd{margin:.2rem 0 1rem}
@media (max-width:56rem){body{display:block}nav{position:static;height:auto;max-height:11rem;
border-right:0;border-bottom:1px solid var(--line)}
main{padding:1rem}nav ul{columns:18rem}nav li{break-inside:avoid}}
@media print{nav{display:none}body{display:block}}
`;
