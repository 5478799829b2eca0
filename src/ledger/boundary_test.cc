#include "ledger/boundary.h"

#include <gtest/gtest.h>

#include "ledger/chain.h"

namespace cortex::ledger {
namespace {

// The boundary row of the recorded cutover: equal inputs give an equal hash in every run.
TEST(Boundary, SealsToTheRecordedHash) {
  core::Event event =
      boundary_event({"33b000163f103c75bdc6dcca3092e8217d70de2133e8f79e059bb58fb57cdf1a",
                      "blake3:3548ce1f82224267efbbe3cf89261e0eff90bdbd4063e4635278540ee2c3de6b"},
                     system_clock(), system_random());
  seal(event, "33b000163f103c75bdc6dcca3092e8217d70de2133e8f79e059bb58fb57cdf1a");
  EXPECT_EQ(event.payload_hash, "d001157c5427c475e7bc82ba0e05966254efd799f11bbbf17af1f172fba31e52");
  EXPECT_EQ(event.event_hash, "239b958267d30ec30aea688fbf14361135cba38292bfffa30edd20c61e5983af");
  EXPECT_EQ(event.schema_version, 2);
  EXPECT_EQ(event.observed_at, event.recorded_at);
  EXPECT_TRUE(is_boundary(event, event.payload));
}

TEST(Boundary, NamesTheRowBeforeItOrNone) {
  const std::string head(64, 'a');
  const core::Event event = boundary_event({head, "blake3:1"}, system_clock(), system_random());
  EXPECT_TRUE(names_its_predecessor(head, event.payload, 1));
  EXPECT_FALSE(names_its_predecessor(std::string(64, 'b'), event.payload, 1));
  EXPECT_FALSE(names_its_predecessor(std::nullopt, event.payload, 1));
  EXPECT_TRUE(names_its_predecessor(head, "{\"kind\":\"schema_migration.v1_to_v2\"}", 1));
}

}  // namespace
}  // namespace cortex::ledger
