#include "cli/key_text.h"

#include "base/fs/standard_input.h"

namespace cortex::cli {
namespace {

constexpr std::size_t kKeyBytesMax = 4096;

}  // namespace

Result<std::optional<std::string>> signing_key_text(const Invocation& flags) {
  std::optional<std::string> text = flags.optional("signing-key-b64");
  if (text != "-") return text;
  CORTEX_ASSIGN(text, fs::read_standard_input(kKeyBytesMax));
  return text;
}

}  // namespace cortex::cli
