/* The status page's style sheet, and the hash by which the Content-Security-Policy
 * permits it and nothing else. A test compares the two. */
#ifndef VIEW_PAGE_STYLE_H
#define VIEW_PAGE_STYLE_H

/* clang-format off */
#define PAGE_STYLE \
    ":root{color-scheme:light dark;--fg:#1b1b1b;--bg:#fff;--soft:#555;--line:#d0d0d0;" \
    "--ok:#0b6b2e;--warn:#8a5300;--bad:#b00020;--grey:#5a5a5a}" \
    "@media(prefers-color-scheme:dark){:root{--fg:#ececec;--bg:#161616;--soft:#b0b0b0;" \
    "--line:#444;--ok:#6fdc8c;--warn:#f1c21b;--bad:#ff8389;--grey:#b0b0b0}}" \
    "body{margin:0 auto;padding:1rem;max-width:72rem;color:var(--fg);background:var(--bg);" \
    "font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}" \
    "a{color:inherit}" \
    "h1{margin:0;font-size:2rem;line-height:1.2}" \
    "h2{margin:1.5rem 0 .5rem;font-size:1.2rem}" \
    "p{margin:.25rem 0}" \
    ".soft{color:var(--soft)}" \
    ".ok{--c:var(--ok)}.warn{--c:var(--warn)}.bad{--c:var(--bad)}.grey{--c:var(--grey)}" \
    "header,.box{border-left:.5rem solid var(--c,var(--line));padding:.25rem .75rem}" \
    ".box{margin:1rem 0}.box h2{margin-top:0}" \
    "h1,td b{color:var(--c)}" \
    "nav{display:flex;flex-wrap:wrap;gap:0 1rem}" \
    "dl{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:.25rem .75rem}" \
    "dt{color:var(--soft)}dd{margin:0}" \
    "table{width:100%;border-collapse:collapse}" \
    "th,td{padding:.35rem .5rem .35rem 0;border-bottom:1px solid var(--line);" \
    "text-align:left;vertical-align:top}" \
    "th{color:var(--soft);font-weight:normal;white-space:nowrap}" \
    "td:first-child,td:last-child{width:1%;white-space:nowrap}" \
    "td:last-child,th:last-child{text-align:right;padding-right:0}" \
    "@media(max-width:30rem){body{padding:.5rem}table{font-size:.875rem}}" \
    "td b::before{content:\"\";display:inline-block;width:.6rem;height:.6rem;" \
    "margin-right:.4rem;background:var(--c)}" \
    ".ok b::before{border-radius:50%}" \
    "h3{margin:0;font-size:1rem}h3 b{color:var(--c)}" \
    "article{border-top:1px solid var(--line);padding:.6rem 0}" \
    ".hops{list-style:none;margin:.4rem 0;padding:0;display:grid;gap:.4rem;" \
    "grid-template-columns:repeat(auto-fill,minmax(6.2rem,1fr))}" \
    ".hops li{border:1px solid var(--line);border-top:.3rem solid var(--c);" \
    "border-radius:.2rem;padding:.2rem .4rem;font-size:.875rem;line-height:1.3}" \
    ".hops .grey{border-style:dashed}" \
    ".hops .break{outline:.15rem solid var(--c);font-weight:bold}" \
    ".hops i{font-style:normal;font-weight:bold;color:var(--c)}" \
    ".hops small{display:block;color:var(--c)}" \
    "code{display:block;margin:.2rem 0;font-size:.8125rem}dd.bad{color:var(--c);font-weight:bold}" \
    "ul{margin:.25rem 0;padding-left:1.2rem}"
/* clang-format on */

#define PAGE_STYLE_HASH "sha256-6klxBW2+mDZQqbfSpcI1Bgd0YCPPC7Rhw0Hk3ZmJbJM="

#endif
