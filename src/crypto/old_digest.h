// SHA-1 and RIPEMD-160: steps of timestamp proofs that were made with them. Never used where a
// collision would matter to us.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cortex::crypto {

using Digest160 = std::array<std::uint8_t, 20>;

Digest160 sha1(std::string_view bytes);
Digest160 ripemd160(std::string_view bytes);

}  // namespace cortex::crypto
