#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace cortex {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

// One row of Unicode table 3-7 (well-formed byte sequences): lead bytes first..last are followed by
// `tail` continuation bytes, of which the first one lies in low..high and the others in 80..BF.
struct Row {
  unsigned char first, last, tail, low, high;
};
constexpr Row kRows[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

// Size of the well-formed multi-byte sequence at the start of `p`, or 0.
std::size_t sequence_size(const unsigned char* p, std::size_t available) {
  for (const Row& row : kRows) {
    if (p[0] < row.first || p[0] > row.last) continue;
    if (available < row.tail + 1U || p[1] < row.low || p[1] > row.high) return 0;
    for (std::size_t i = 2; i <= row.tail; ++i) {
      if ((p[i] & 0xC0U) != 0x80U) return 0;
    }
    return row.tail + 1U;
  }
  return 0;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  while (left > 0) {
    if (left >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, sizeof word);
      if ((word & kHighBits) == 0) {
        p += 8;
        left -= 8;
        continue;
      }
    }
    const std::size_t size = *p < 0x80U ? 1 : sequence_size(p, left);
    if (size == 0) return false;
    p += size;
    left -= size;
  }
  return true;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  CORTEX_CHECK(code_point <= 0x10FFFFU && (code_point < 0xD800U || code_point > 0xDFFFU));
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto tail = [&](unsigned shift) { put(0x80U | ((code_point >> shift) & 0x3FU)); };
  if (code_point < 0x80U) {
    put(code_point);
  } else if (code_point < 0x800U) {
    put(0xC0U | (code_point >> 6U));
    tail(0);
  } else if (code_point < 0x10000U) {
    put(0xE0U | (code_point >> 12U));
    tail(6);
    tail(0);
  } else {
    put(0xF0U | (code_point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace cortex
