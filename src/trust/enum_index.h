// The row of a table that has one row for each value of an enumeration, in its order.
#pragma once

#include <cstddef>

namespace cortex::trust {

template <class E>
constexpr std::size_t index(E value) {
  return static_cast<std::size_t>(value);
}

}  // namespace cortex::trust
