#include "mcp/confirmation.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "mcp/bearer.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// Bytes from the last incomplete run of the alphabet on would make some characters likelier.
std::string draw(Random& random) {
  constexpr std::size_t kByteLimit = 256 - 256 % kAlphabet.size();
  std::string out;
  while (out.size() < Confirmation::kTokenSize) {
    std::array<std::uint8_t, 2 * Confirmation::kTokenSize> bytes{};
    random.fill(bytes);
    for (const std::uint8_t byte : bytes) {
      if (byte < kByteLimit && out.size() < Confirmation::kTokenSize) {
        out += kAlphabet[byte % kAlphabet.size()];
      }
    }
  }
  return out;
}

Error confirmation_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "nothing was changed",
                    std::move(next));
}

}  // namespace

Confirmation::Confirmation(Random& random, bool auto_commit)
    : token_(draw(random)), auto_commit_(auto_commit) {}

Status Confirmation::check(const Arguments& arguments) {
  CORTEX_ASSIGN(const std::string given, arguments.text("confirmation_token"));
  if (auto_commit_) return {};
  if (given.empty()) return bad_argument("confirmation_token must not be empty");
  const std::lock_guard lock(mutex_);
  if (wrong_tries_ >= kWrongTriesMax) {
    return confirmation_refused("invalid confirmation token: too many wrong ones were tried",
                                "start the server again for a new token");
  }
  if (same_token(token_, given)) return {};
  ++wrong_tries_;
  return confirmation_refused("invalid confirmation token",
                              "ask the person who started the server for the token it printed");
}

}  // namespace cortex::mcp
