// The elements of the arrays of one large JSON document, one at a time: of the array that it is, or
// of the arrays that are members of the object that it is. Memory: one element.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transcript/turn.h"

namespace cortex::transcript {

inline constexpr std::size_t kElementBytesMax = 256U << 20;

// `member`: the name of the array, empty when the document is one. `text`: one element as it
// stands, not checked beyond its brackets and strings.
using OnElement = std::function<Status(std::string_view member, std::string_view text)>;

// Errors: kUsage when the document is neither array nor object, ends too early, or has an element
// that is too large; what `on_element` or `read` returned.
Status read_elements(const ReadAt& read, const OnElement& on_element);

}  // namespace cortex::transcript
