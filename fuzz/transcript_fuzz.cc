// Transcripts and memory stores of other programs: any bytes, in any format, end in turns or in a
// refusal; the same bytes give the same turns; wherever the borders of the blocks fall; and every
// turn is one that the ledger can hold.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_codec.h"
#include "fuzz/require.h"
#include "json/value.h"
#include "transcript/format.h"
#include "transcript/read.h"

namespace {

using cortex::fuzz::require;
using cortex::transcript::Format;
using cortex::transcript::Turn;

constexpr std::uint8_t kFormats = 9;

struct Reading {
  bool ok = false;
  std::vector<std::string> turns;
};

// Blocks are never shorter than what was asked for, except at the end: so the contract says.
Reading read(Format format, std::string_view text) {
  const auto bytes = [text](std::uint64_t offset,
                            std::span<char> out) -> cortex::Result<std::size_t> {
    return text.substr(std::min<std::uint64_t>(offset, text.size())).copy(out.data(), out.size());
  };
  Reading out;
  const auto counts =
      cortex::transcript::read_transcript(format, bytes, "file", [&out](Turn&& turn) {
        require(!turn.session.empty());
        require(cortex::json::parse(cortex::json::canonical(turn.payload)).ok());
        for (const auto& one : turn.proposals) require(!one.claim.empty());
        out.turns.push_back(turn.id.text() + turn.source.name +
                            cortex::json::canonical(std::move(turn.payload)));
        return cortex::Status();
      });
  out.ok = counts.ok();
  if (out.ok) require(counts->turns == out.turns.size());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  static_cast<void>(cortex::transcript::detect_format(text, "x.md"));
  const auto format = static_cast<Format>(data[0] % kFormats);
  const Reading first = read(format, text), second = read(format, text);
  require(first.ok == second.ok);
  require(first.turns == second.turns);
  return 0;
}
