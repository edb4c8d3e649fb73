#!/usr/bin/env python3
"""Checks that each public function has a docstring: `///` lines directly above its declaration.

usage: check_docs.py [TOP]       checks ops/*.hpp and autograd/*.hpp under TOP (default: its own)
       check_docs.py --self-test proves on a header of gaps that each kind is found

Public is what stands in namespace xgrad itself, outside of classes: not in detail and its like.
Overloads directly below a documented declaration of the same name share its docstring.

Prints one line per gap, `file:line: fact; what is needed`, and exits 1 if there is one.
"""

import re
import sys
import tempfile
from pathlib import Path

FOLDERS = ["autograd", "ops"]
NAMESPACE = re.compile(r"(?:inline )?namespace ([\w:]*) ?\{")
OTHER = re.compile(r"(?:struct|class|enum|union|using|typedef|concept|extern|static_assert)\b")
NAME = re.compile(r"(operator ?(?:\(\)|[^\s\w(]+|\w[\w<>]*)|[A-Za-z_]\w*) ?\($")
HEAD = re.compile(r"template <|requires ?\(")


def without_heads(text):
    """A declaration without its `template <...>` and `requires(...)`."""
    while match := HEAD.match(text):
        depth, end = 0, match.end() - 1
        opening = text[end]
        closing = {"<": ">", "(": ")"}[opening]
        for end in range(end, len(text)):
            depth += (text[end] == opening) - (text[end] == closing)
            if depth == 0:
                break
        text = text[end + 1 :].lstrip()
    return text


def function_name(text):
    """The name of the function that a declaration at namespace level declares, or None."""
    text = without_heads(" ".join(text.split()))
    text = re.sub(r"\[\[\w+\]\] ?", "", text)
    if OTHER.match(text) or "(" not in text:
        return None
    head = text[: text.index("(") + 1]
    if head.endswith("operator("):
        head += ")("
    if "=" in head.split("operator")[0]:  # the initialiser of a variable
        return None
    name = NAME.search(head)
    return name[1].replace(" ", "") if name else None


def declarations(lines):
    """(line, text, documented, follows) of each declaration in namespace xgrad itself."""
    spaces, depth, text, start, documented, blank = [], 0, "", 0, False, True
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not text:
            if line.startswith("///"):
                documented = True
                continue
            if not line or line.startswith(("//", "#")):
                blank, documented = True, False
                continue
        line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
        line = re.sub(r"'(?:[^'\\]|\\.)'", "''", line).split("//")[0].strip()
        space = NAMESPACE.match(line) if not text else None
        if space:
            if line.count("{") > line.count("}"):
                spaces.append(space[1])
            blank, documented = True, False
            continue
        if not text and depth == 0 and line.startswith("}"):
            spaces = spaces[:-1]
            blank, documented = True, False
            continue
        start = start if text else number
        text += line + " "
        depth += line.count("{") - line.count("}")
        if depth == 0 and line.endswith((";", "}")):
            if spaces == ["xgrad"]:
                yield start, text.split("{")[0], documented, not blank
            text, documented, blank = "", False, False


def gaps(top):
    """(number of functions seen, one line per gap)."""
    functions, found = 0, []
    for folder in FOLDERS:
        for header in sorted((top / folder).glob("*.hpp")):
            above = None  # the name that the docstring above holds for
            lines = header.read_text(errors="replace").splitlines()
            for number, text, documented, follows in declarations(lines):
                name = function_name(text)
                functions += name is not None
                if documented or name is None:
                    above = name if documented else None
                elif not (follows and name == above):
                    place = f"{header.relative_to(top).as_posix()}:{number}"
                    found.append(f"{place}: {name} has no docstring; say what it does in ///")
                    above = None
    return functions, found


def self_test():
    """Each declaration below whose first line ends in GAP must be found, and no other."""
    header = """
        namespace xgrad {
        /// Documented.
        template <class T>
        [[nodiscard]] Variable<T> sum(const Variable<T>& x, Axes axes = {});
        template <class T>
        [[nodiscard]] Variable<T> sum(const Variable<T>& x);
        template <class T>  // GAP
        void other(const Variable<T>& x);

        /// Of the first alone.
        int first(int x);

        int first(double x);  // GAP
        // No docstring.
        template <class A, class B>  // GAP
            requires(Operands<A, B> && !std::is_arithmetic_v<B>)
        auto add(const A& a, const B& b, Where where = Where::current()) {
            if (a) {
                return call(a, "};");
            }
            return b;
        }
        auto operator+(const A& a, const B& b);  // GAP
        bool operator()(int);  // GAP
        inline constexpr int size = count(3);
        struct Options {
            int member(int x);
        };
        enum class Kind { a, b };
        template <class T>
        concept Any = requires(T t) { t(); };
        extern template class Variable<float>;
        namespace detail {
        int hidden(int x);
        }  // namespace detail
        namespace formula { struct Tag; }
        /// A class.
        class Box {
            Box(int x);
        };
        Box make(int x);  // GAP
        }  // namespace xgrad
        int outside(int x);
        """
    lines = [line.strip() for line in header.splitlines()]
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        (top / "ops").mkdir()
        (top / "ops" / "a.hpp").write_text("\n".join(lines) + "\n")
        functions, found = gaps(top)
    due = {number for number, line in enumerate(lines, 1) if line.endswith("GAP")}
    seen = {int(line.split(":")[1]) for line in found}
    for number in sorted(due - seen):
        print(f"self-test: the gap at line {number}, {lines[number - 1]}, was not found")
    for number in sorted(seen - due):
        print(f"self-test: line {number}, {lines[number - 1]}, was taken for a gap")
    if functions != 9:
        print(f"self-test: {functions} functions seen of 9")
    return due == seen and len(found) == len(due) and functions == 9


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    top = Path(sys.argv[1] if len(sys.argv) == 2 else Path(__file__).resolve().parent.parent)
    functions, found = gaps(top)
    if functions == 0:
        print(f"check_docs: no function under {top}; pass the top of the tree")
        return 1
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
