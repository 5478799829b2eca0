#include "cli/chain_failures.h"

#include "base/text.h"

namespace cortex::cli {

std::string failure_lines(const ledger::ChainReport& chain) {
  std::string out;
  for (const ledger::Failure& failure : chain.failures) {
    out += cat("  line ", failure.line, " event_id=", failure.event_id);
    if (!failure.invariant.empty()) out += cat(" invariant=", failure.invariant);
    out += cat(": ", printable(failure.reason));
    if (failure.file_line != failure.line)
      out += cat(" (line ", failure.file_line, " of the file)");
    out += "\n";
  }
  if (chain.failures_total > chain.failures.size()) {
    out += cat("  and ", chain.failures_total - chain.failures.size(), " more\n");
  }
  return out;
}

}  // namespace cortex::cli
