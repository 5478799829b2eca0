// The shape that anchor and receipt files share: records back to back, each a header line and one
// body line (docs/formats.md, "Anchors").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cortex::ledger {

struct RecordLine {
  std::string_view body;  // without line end; views the text
  std::size_t line = 0;   // 1-based, of the body
  std::size_t begin = 0;  // byte offset of the record's header
  std::size_t end = 0;    // first byte behind the record
};

// What a format of records is called in its messages, and the prefix of its tokens.
struct RecordFormat {
  std::string_view header;  // the whole header line
  std::string_view what;    // "anchor"
  std::string_view token;   // "anchor.format"
};

inline constexpr std::string_view kAnchorHeader = "# cortex-ledger-anchor-format: 1";
inline constexpr std::string_view kReceiptHeader = "# cortex-external-anchor-receipt-format: 1";
inline constexpr RecordFormat kAnchorFormat{kAnchorHeader, "anchor", "anchor.format"};
inline constexpr RecordFormat kReceiptFormat{kReceiptHeader, "receipt", "receipt.format"};

// Splits the text. At least one record; every header exact; every body there, without white space
// around it. Lines end in LF or CR LF, the last one may have no end. Errors: Code::kPrecondition
// with the token <format.token>.{empty,header,body}.
Result<std::vector<RecordLine>> split_records(const RecordFormat& format, std::string_view text);

// What a service outside said does not hold: kIntegrity with the token.
Error evidence_refused(std::string_view token, std::string message);

// "<what> line <line>: <why>" with the token <format.token>.<kind>.
Error record_error(const RecordFormat& format, std::size_t line, std::string_view kind,
                   std::string_view why);

}  // namespace cortex::ledger
