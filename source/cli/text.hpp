// Small things about the text of arguments: trimming, splitting, quoting, C escapes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/base/result.hpp"

namespace pinion::cli {

std::string_view trim(std::string_view text);
bool is_identifier(std::string_view text);
bool is_null(std::string_view text);  // null, NULL, nullptr

// The items between the outermost commas of a list's inside: `1, {2, 3}, "a,b"` has three. An empty text has none, and
// a comma at the end is allowed, as in C. Error: a quote or bracket is not closed, or an item is empty.
Result<std::vector<std::string_view>> split_items(std::string_view text);

// Where the bracket that `text` begins with is closed, or npos.
std::size_t closing_bracket(std::string_view text);

// What stands between the quotes, when `text` is one quoted string.
std::optional<std::string_view> inside_quotes(std::string_view text);

// Replaces C's escapes (C11 6.4.4.4); \u and \U become UTF-8. Error: an escape that C does not have.
Result<std::string> unescape(std::string_view text);

// A C string literal of these bytes. Valid UTF-8 stays as it is.
std::string quote(std::string_view bytes);
// A C character constant.
std::string quote_character(unsigned char c);

// "'text'", cut when it is long, for error messages.
std::string named(std::string_view text);

std::string to_utf8(std::u32string_view units);
std::u32string from_utf8(std::string_view bytes);  // bytes that are no UTF-8 stand for themselves

}  // namespace pinion::cli
