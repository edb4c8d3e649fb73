"""Which names a source uses and does not include. The compiler cannot tell: a precompiled header
brings most of them to every source (autograd/pch). check_includes.py calls this, and proves it.

A name counts as included when a header that declares it is among the source's own includes or
those of the project's headers it includes; what other libraries' headers bring along does not.
"""

import re
from functools import lru_cache

# The names of the standard library that the project uses, by header; a name in two headers may
# come from either. One that is not listed goes unseen, as do std::size_t and std::ptrdiff_t, which come
# with every header.
STANDARD = {
    "algorithm": """max min clamp minmax fill fill_n copy copy_n copy_if transform sort stable_sort
        find find_if find_if_not all_of any_of none_of count count_if equal max_element min_element
        minmax_element replace replace_if reverse unique nth_element partial_sort mismatch includes
        lower_bound upper_bound binary_search is_sorted rotate remove remove_if for_each""",
    "array": "array",
    "atomic": "atomic memory_order_relaxed memory_order_acquire memory_order_release",
    "bit": "bit_cast popcount endian rotr rotl bit_width countl_zero countr_zero",
    "cctype": "isdigit isalpha isalnum isspace isxdigit isprint toupper tolower",
    "charconv": "from_chars to_chars",
    "chrono": "chrono",
    "clocale": "setlocale",
    "cmath": """abs sqrt isfinite isnan isinf log exp pow nan floor log10 sin cos ceil log2 hypot tanh
        copysign cbrt log1p signbit lround lgamma fmod erfc erf trunc tan round rint ldexp nextafter
        llround lerp exp2 cyl_bessel_i atanh atan2 asinh asin acosh sinh ilogb frexp fmax fmin expm1
        cosh atan acos""",
    "concepts": """same_as derived_from convertible_to integral signed_integral floating_point
        constructible_from invocable""",
    "condition_variable": "condition_variable condition_variable_any",
    "csignal": "signal raise",
    "cstdint": """uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t uintptr_t
        uintmax_t""",
    "cstdio": """printf fprintf fflush puts fputs fclose fopen fread fgetc ftell rewind perror tmpfile
        snprintf""",
    "cstdlib": "getenv exit abort free strtod strtoull atol aligned_alloc",
    "cstring": "memcpy memcmp memset strerror strlen",
    "ctime": "time time_t tm strftime clock clock_t",
    "exception": "exception exception_ptr current_exception rethrow_exception",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream fstream",
    "functional": "function greater greater_equal less_equal plus hash equal_to",
    "initializer_list": "initializer_list",
    "iostream": "cout cerr cin",
    "iterator": """back_inserter istreambuf_iterator make_move_iterator distance ssize
        default_sentinel_t input_iterator""",
    "limits": "numeric_limits",
    "map": "map",
    "memory": "shared_ptr unique_ptr weak_ptr make_shared make_unique static_pointer_cast",
    "mutex": "mutex lock_guard unique_lock scoped_lock",
    "new": "bad_alloc bad_array_new_length",
    "numbers": "numbers",
    "numeric": "iota accumulate inner_product transform_reduce",
    "optional": "optional nullopt",
    "random": "mt19937 mt19937_64 random_device",
    "regex": "regex sregex_iterator",
    "set": "set",
    "source_location": "source_location",
    "span": "span",
    "sstream": "istringstream ostringstream stringstream",
    "stdexcept": "exception invalid_argument runtime_error logic_error domain_error out_of_range",
    "string": "string to_string stod stoi stoul getline char_traits",
    "string_view": "string_view",
    "system_error": "error_code errc generic_category",
    "thread": "thread jthread this_thread",
    "tuple": "tuple tuple_size tuple_size_v tuple_element",
    "type_traits": """is_same_v type_identity type_identity_t decay_t integral_constant is_arithmetic_v
        is_base_of_v conditional_t remove_cvref_t is_void_v is_integral_v invoke_result_t
        is_move_constructible_v is_invocable_v is_convertible_v is_floating_point_v
        is_copy_constructible_v is_copy_assignable_v is_constructible_v is_constant_evaluated""",
    "unordered_map": "unordered_map",
    "utility": "move pair swap exchange forward as_const index_sequence make_index_sequence in_range",
    "variant": "variant visit holds_alternative get_if",
    "vector": "vector",
}
# Of other libraries, by namespace: a header whose path starts so.
OTHERS = {"fmt": "fmt/", "nlohmann": "nlohmann/", "xt": "autograd/xtensor.hpp"}
PRECOMPILED = "autograd/pch/arrays.hpp"

HEADERS_OF = {}
for header, names in STANDARD.items():
    for name in names.split():
        HEADERS_OF.setdefault(name, []).append(header)

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|'
    r"^\s*#\s*include[^\n]*",
    re.M | re.S)
USE = re.compile(r"\bstd::(?:ranges::)?(\w+)|\b(\w+)::")
# Types and functions that a header declares at the left margin, as those of a namespace are.
DECLARED = re.compile(
    r"^(?:template ?<[^\n]*>\s*)?(?:(?:class|struct|enum class|using)(?: \[\[\w+\]\])? (\w+)|"
    r"(?:\[\[\w+\]\] )?(?!(?:return|else)\b)[A-Za-z][\w:<>,&* ]* [&*]?(\w+)\()", re.M)
DECLARED_ANYWHERE = re.compile(
    r"\b(?:class|struct|using|typename|auto)(?: \[\[\w+\]\])? (\w+)|"
    r"\b(?!(?:return|else|throw)\b)\w+[>&*]* [&*]?(\w+)\(")


def code_of(text):
    """`text` without comments, literals and includes; its lines keep their numbers."""
    return NOT_CODE.sub(lambda found: " " + "\n" * found[0].count("\n"), text)


class Tree:
    """The project's files under `top`, read once."""

    def __init__(self, top):
        self.top = top

    @lru_cache(maxsize=None)
    def text(self, file):
        path = self.top / file
        return path.read_text(errors="replace") if path.is_file() else None

    @lru_cache(maxsize=None)
    def includes(self, file):
        """All that `file` includes by itself or through the project's headers."""
        seen, todo = set(), [file]
        while todo:
            for path in INCLUDE.findall(self.text(todo.pop())):
                if path not in seen:
                    seen.add(path)
                    if self.text(path) is not None:
                        todo.append(path)
        return seen

    @lru_cache(maxsize=None)
    def declared(self, file):
        """The names that `file` declares."""
        code = code_of(self.text(file))
        return {one or other for one, other in DECLARED_ANYWHERE.findall(code)}

    @lru_cache(maxsize=None)
    def precompiled(self):
        """{name: the header that declares it} of the project's headers that are precompiled."""
        found = {}
        if self.text(PRECOMPILED) is not None:
            for header in sorted(self.includes(PRECOMPILED)):
                if (text := self.text(header)) is not None:
                    for one, other in DECLARED.findall(code_of(text)):
                        found.setdefault(one or other, header)
        return found


def missing(tree, file):
    """(line, what is used, what to include) for each header that `file` leaves out."""
    included = tree.includes(file)
    code = code_of(tree.text(file))
    found, reported = [], set()

    def report(position, name, header):
        if header not in reported:
            reported.add(header)
            found.append((code.count("\n", 0, position) + 1, name, header))

    for use in USE.finditer(code):
        name, space = use[1], use[2]
        if name in HEADERS_OF and not included & set(HEADERS_OF[name]):
            report(use.start(), f"std::{name}", f"<{HEADERS_OF[name][0]}>")
        elif space in OTHERS and not any(
                path.startswith(OTHERS[space]) for path in included | {file}):
            path = OTHERS[space]
            report(use.start(), f"{space}::", f"<{path}...>" if path[-1] == "/" else f"<{path}>")
    declared = tree.declared(file).union(
        *(tree.declared(path) for path in included if tree.text(path) is not None))
    for word in re.finditer(r"(?<![.>:])\b\w+\b", code):
        header = tree.precompiled().get(word[0])
        is_type_or_call = word[0][0].isupper() or code[word.end() : word.end() + 1] in ("(", "<")
        if header and is_type_or_call and word[0] not in declared:
            report(word.start(), word[0], f"<{header}>")
    return found
