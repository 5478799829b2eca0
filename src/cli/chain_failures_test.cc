#include "cli/chain_failures.h"

#include <gtest/gtest.h>

namespace cortex::cli {
namespace {

TEST(FailureLines, NameTheRowAndTheFileLineAndCountWhatIsNotShown) {
  ledger::ChainReport chain;
  EXPECT_EQ(failure_lines(chain), "");
  chain.failures = {{2, 2, "evt_A", "", "Orphan"}, {3, 5, "evt_B", "some.token", "HashBreak"}};
  chain.failures_total = 9;
  EXPECT_EQ(failure_lines(chain),
            "  line 2 event_id=evt_A: Orphan\n"
            "  line 3 event_id=evt_B invariant=some.token: HashBreak (line 5 of the file)\n"
            "  and 7 more\n");
}

// A forged hash is any text: JSON quoting alone leaves U+009B, which steers some terminals.
TEST(FailureLines, DoNotSteerTheTerminal) {
  ledger::ChainReport chain;
  chain.failures = {{1, 1, "evt_A", "",
                     "observed: \"\xC2\x9B"
                     "2J\x1b[2J\""}};
  chain.failures_total = 1;
  const std::string text = failure_lines(chain);
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos) << text;
}

}  // namespace
}  // namespace cortex::cli
