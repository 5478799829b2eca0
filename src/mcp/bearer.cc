#include "mcp/bearer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace cortex::mcp {
namespace {

constexpr std::size_t kTokenBytesMin = 32, kTokenBytesMax = 512;
constexpr std::string_view kSigns = "-._~+/=";

bool is_token(std::string_view text) {
  return text.size() >= kTokenBytesMin && text.size() <= kTokenBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kSigns.find(c) != std::string_view::npos;
         });
}

Error bearer_refused(const std::string& path, std::string_view why, std::string next) {
  return make_error(Code::kPrecondition,
                    cat("the bearer token file ", quoted(path, 1000), " ", why),
                    "nothing was served", std::move(next));
}

Result<std::string> make(fs::FileSystem& fs, Random& random, const std::string& path) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  std::string token = to_hex(bytes);
  if (auto written = fs::write_new(fs, path, token + "\n", 0600); !written.ok()) {
    return bearer_refused(path, cat("cannot be made: ", written.error().message),
                          "name another one with --bearer-token-file");
  }
  return token;
}

}  // namespace

Result<std::string> bearer_token(fs::FileSystem& fs, Random& random, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  if (info.kind == fs::Kind::kMissing) return make(fs, random, path);
  constexpr unsigned kOthers = 077;
  if ((info.mode & kOthers) != 0) {
    return bearer_refused(path, "may be read by others", "make it private: chmod 600");
  }
  CORTEX_ASSIGN(const std::string text, fs::read_all(fs, path, 2 * kTokenBytesMax));
  const std::string_view token = trim(text);
  if (!is_token(token)) {
    return bearer_refused(path, "holds no token", "remove it, and the server makes a new one");
  }
  return std::string(token);
}

bool same_token(std::string_view token, std::string_view given) {
  unsigned difference = token.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(token[i % token.size()] ^ given[i]);
  }
  return difference == 0;
}

}  // namespace cortex::mcp
