#include "mcp/protocol.h"

#include <algorithm>
#include <iterator>

namespace cortex::mcp {
namespace {

constexpr Revision kRevisions[] = {
    {.name = "2024-11-05"},
    {.name = "2025-03-26", .batches = true},
    {.name = "2025-06-18"},
    {.name = "2025-11-25", .tool_errors_are_results = true},
    {.name = "2026-07-28", .handshake = false, .tool_errors_are_results = true},
};
constexpr std::string_view kAnswerToUnknown = "2025-06-18";

}  // namespace

std::span<const Revision> revisions() { return kRevisions; }

const Revision* find_revision(std::string_view name) {
  const auto* row = std::ranges::find(kRevisions, name, &Revision::name);
  return row == std::end(kRevisions) ? nullptr : row;
}

const Revision& negotiate(std::string_view asked) {
  const Revision* row = find_revision(asked);
  return row != nullptr && row->handshake ? *row : *find_revision(kAnswerToUnknown);
}

const Revision& stateless_revision() { return kRevisions[std::size(kRevisions) - 1]; }

}  // namespace cortex::mcp
