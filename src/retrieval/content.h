// What of an event or a memory is searched: its text, who spoke, when it was said. The rules stand
// in docs/search.md; a change of them is a change of kAnalyzerVersion.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cortex::retrieval {

struct Content {
  std::string text;                     // all strings of the payload that are text, a line each
  std::string speaker;                  // who said it, or empty
  std::optional<std::int64_t> said_at;  // Unix seconds, when the content says so itself

  void clear();
};

// From a payload as it stands in the store or ledger. JSON that does not parse gives what was read
// up to the fault. O(bytes).
void read_payload(std::string_view payload_json, Content& out);
// From a claim: "[8 May 2023] Ann: text" names a time and a speaker, which stay in the text.
void read_claim(std::string_view claim, Content& out);

}  // namespace cortex::retrieval
