#include <nn/npy_format.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace xgrad::nn {
namespace {

constexpr std::size_t max_rank = 64;  // numpy's own

/// The header is a literal of Python's: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
public:
    HeaderParser(const ByteSource& source, const std::string& text, std::uint64_t at)
        : source_(source),
          text_(text),
          at_(at) {}

    NpyHeader parse();

private:
    [[nodiscard]] char peek() const { return i_ < text_.size() ? text_[i_] : '\0'; }
    void skip_space();
    [[nodiscard]] bool take(char c);
    void expect(char c);
    [[noreturn]] void fail_here(const char* need) const;
    std::string quoted();
    bool boolean();
    Shape shape();
    std::size_t extent();
    void value_of(const std::string& key);
    void element_type(const std::string& descr, std::size_t begin);

    const ByteSource& source_;
    const std::string& text_;
    std::uint64_t at_;
    std::size_t i_ = 0;
    NpyHeader header_;
    bool has_descr_ = false, has_order_ = false, has_shape_ = false;
};

void HeaderParser::fail_here(const char* need) const {
    if (i_ >= text_.size())
        source_.fail_at(at_ + i_, "the header ends; need {}", need);
    const auto c = static_cast<unsigned char>(text_[i_]);
    if (std::isprint(c) != 0)
        source_.fail_at(at_ + i_, "the header has '{}'; need {}", text_[i_], need);
    source_.fail_at(at_ + i_, "the header has the byte {:02x}; need {}", c, need);
}

void HeaderParser::skip_space() {
    while (i_ < text_.size() && (text_[i_] == ' ' || text_[i_] == '\n'))
        ++i_;
}

bool HeaderParser::take(char c) {
    skip_space();
    if (i_ >= text_.size() || text_[i_] != c)
        return false;
    ++i_;
    return true;
}

void HeaderParser::expect(char c) {
    if (!take(c))
        fail_here(std::array<char, 4>{'\'', c, '\'', '\0'}.data());
}

std::string HeaderParser::quoted() {
    skip_space();
    const char quote = peek();
    if (quote != '\'' && quote != '"')
        fail_here("a text in quotes");
    const std::size_t begin = ++i_;
    i_ = std::min(text_.find(quote, begin), text_.size());
    if (i_ == text_.size())
        fail_here("the quote that ends a text");
    return text_.substr(begin, i_++ - begin);
}

bool HeaderParser::boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
        if (text_.compare(i_, word.size(), word) == 0) {
            i_ += word.size();
            return word == "True";
        }
    }
    fail_here("True or False");
}

std::size_t HeaderParser::extent() {
    std::size_t value = 0;
    const std::size_t begin = i_;
    for (; std::isdigit(static_cast<unsigned char>(peek())) != 0; ++i_) {
        const std::size_t digit = static_cast<std::size_t>(text_[i_] - '0');
        if (__builtin_mul_overflow(value, std::size_t{10}, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            i_ = begin;
            fail_here("an extent that fits 64 bits");
        }
    }
    if (i_ == begin)
        fail_here("an extent");
    if (peek() == 'L')  // a long of Python 2
        ++i_;
    return value;
}

Shape HeaderParser::shape() {
    Shape shape;
    expect('(');
    while (!take(')')) {
        if (shape.size() == max_rank)
            fail_here("at most 64 extents");
        skip_space();
        shape.push_back(extent());
        if (!take(',')) {
            expect(')');
            if (shape.size() == 1) {
                --i_;
                fail_here("',' after the only extent");
            }
            break;
        }
    }
    return shape;
}

void HeaderParser::element_type(const std::string& descr, std::size_t begin) {
    constexpr std::array<std::pair<const char*, ElementType>, 12> types{{
        {"b1", ElementType::boolean},
        {"i1", ElementType::int8},
        {"u1", ElementType::uint8},
        {"i2", ElementType::int16},
        {"u2", ElementType::uint16},
        {"i4", ElementType::int32},
        {"u4", ElementType::uint32},
        {"i8", ElementType::int64},
        {"u8", ElementType::uint64},
        {"f2", ElementType::float16},
        {"f4", ElementType::float32},
        {"f8", ElementType::float64},
    }};
    const bool has_order =
        !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    const std::string name = has_order ? descr.substr(1) : descr;
    const auto* const type =
        std::ranges::find_if(types, [&](const auto& entry) { return name == entry.first; });
    if (!has_order || type == types.end()) {
        source_.fail_at(
            at_ + begin,
            "the dtype is '{}'; need b1, i1 to i8, u1 to u8, f2, f4 or f8 with its order of bytes",
            descr);
    }
    header_.type = type->second;
    header_.swapped = descr[0] == '>' && size_of(header_.type) > 1;
}

void HeaderParser::value_of(const std::string& key) {
    skip_space();
    const std::size_t begin = i_;
    bool* const has = key == "descr"           ? &has_descr_
                      : key == "fortran_order" ? &has_order_
                      : key == "shape"         ? &has_shape_
                                               : nullptr;
    if (has == nullptr || *has) {
        source_.fail_at(
            at_ + begin,
            "the header has {}'{}'; need 'descr', 'fortran_order' and 'shape', once each",
            has == nullptr ? "" : "another ",
            key);
    }
    *has = true;
    if (has == &has_descr_) {
        if (peek() == '[')
            fail_here("one dtype for all elements, not a structure");
        element_type(quoted(), begin);
    } else if (has == &has_order_) {
        header_.fortran_order = boolean();
    } else {
        header_.shape = shape();
        if (!bytes_of(header_.shape, ElementType::float64)) {
            source_.fail_at(
                at_ + begin, "the shape {} overflows; need a size below 2^63", header_.shape);
        }
    }
}

NpyHeader HeaderParser::parse() {
    expect('{');
    while (!take('}')) {
        const std::string key = quoted();
        expect(':');
        value_of(key);
        if (!take(',')) {
            expect('}');
            break;
        }
    }
    skip_space();
    if (i_ < text_.size())
        fail_here("nothing but spaces after '}'");
    if (!has_descr_ || !has_order_ || !has_shape_)
        fail_here("'descr', 'fortran_order' and 'shape', once each");
    return std::move(header_);
}

}  // namespace

NpyHeader parse_npy_header(const ByteSource& source, const std::string& text, std::uint64_t at) {
    return HeaderParser(source, text, at).parse();
}

}  // namespace xgrad::nn
