// Internal to the reports: the styles that a page and a picture of its own share.
#pragma once

#include <string_view>

namespace xgrad::report {

inline constexpr std::string_view colors = R"(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #e2e5ea; --text: #1b1f27; --faint: #667080;
  --c1: #2166c4; --c2: #d4620a; --c3: #178a63; --c4: #8b4bb8;
  --c5: #c2335e; --c6: #0f8b9d; --c7: #8a6d1a; --c8: #5b6472;
  --good: #157a4b; --bad: #b3261e; --stripe: #f8f9fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1a1e26; --line: #2d333f; --text: #e7eaf0; --faint: #98a2b3;
    --c1: #6ea6f5; --c2: #f29a4f; --c3: #4cc296; --c4: #c18ce6;
    --c5: #f27d9d; --c6: #4fc3d6; --c7: #d6b557; --c8: #a5afbf;
    --good: #56c98f; --bad: #f2857d; --stripe: #1e232c;
  }
}
)";

/// Of what an SVG element holds.
inline constexpr std::string_view drawing =
    R"(svg text { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
svg .title { fill: var(--text); font-size: 14px; font-weight: 600; }
.grid { stroke: var(--line); stroke-width: 1; }
.mark { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 3 3; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.k1 { stroke: var(--c1); } .k2 { stroke: var(--c2); }
.k3 { stroke: var(--c3); } .k4 { stroke: var(--c4); }
.k5 { stroke: var(--c5); } .k6 { stroke: var(--c6); }
.k7 { stroke: var(--c7); } .k8 { stroke: var(--c8); }
svg .f1 { fill: var(--c1); } svg .f2 { fill: var(--c2); }
svg .f3 { fill: var(--c3); } svg .f4 { fill: var(--c4); }
svg .f5 { fill: var(--c5); } svg .f6 { fill: var(--c6); }
svg .f7 { fill: var(--c7); } svg .f8 { fill: var(--c8); }
.hit { fill: transparent; }
.dot { stroke: var(--card); stroke-width: 2; }
.d1 { stroke-dasharray: 7 5; } .d2 { stroke-dasharray: 2 5; }
.point { fill-opacity: 0.7; }
.band { fill-opacity: 0.16; }
.bar { fill-opacity: 0.5; }
.contour { fill: none; stroke: var(--faint); stroke-width: 1; }
.back { fill: var(--card); }
)";

}  // namespace xgrad::report
