// Streaming verification of the hash chain (docs/formats.md, "Verification"). One pass, constant
// memory apart from the shown failures and 16 bytes an id for the duplicate check. The ledger is
// opened for reading only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/ulid.h"
#include "ledger/row_stream.h"

namespace cortex::ledger {

struct Failure {
  std::uint64_t line = 0;       // ordinal of the non-blank row
  std::uint64_t file_line = 0;  // line of the file
  std::string event_id;
  std::string invariant;  // machine token or empty
  std::string reason;     // variant with its members, e.g. "HashBreak { which: ... }"
};

struct ChainReport {
  std::uint64_t rows = 0;
  std::uint64_t failures_total = 0;
  std::vector<Failure> failures;  // the first limits::kFailuresShownMax of them
  std::optional<std::string> head;
  std::uint64_t end_offset = 0;  // first byte after the last row
  std::vector<std::uint64_t> boundary_lines;
  std::vector<std::string> duplicate_ids;
  bool closed() const { return failures_total == 0; }
};

class ChainVerifier {
 public:
  void add(const core::DecodedEvent& row, const RowPlace& place);
  ChainReport finish();

 private:
  void fail(const core::DecodedEvent& row, const RowPlace& place, std::string invariant,
            std::string reason);
  void check_payload(const core::DecodedEvent& row, const RowPlace& place);

  ChainReport report_;
  std::optional<std::string> expected_prev_;
  std::vector<Ulid> ids_;
};

// Verifies the first `size_bytes` of an open ledger; `on_block` sees every block once, in order.
Result<ChainReport> verify_chain(fs::File& file, std::uint64_t size_bytes,
                                 std::function<Status(std::string_view)> on_block = nullptr);

// The boundary check of a verified ledger: failure lines, empty when it holds.
std::vector<std::string> boundary_failures(const ChainReport& report, bool required);

}  // namespace cortex::ledger
