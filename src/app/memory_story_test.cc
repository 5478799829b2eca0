#include "app/memory_story.h"

#include <gmock/gmock.h>

#include "app/memory_lifecycle.h"
#include "app/stored_memories_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class MemoryStoryTest : public StoredMemoriesTest {
 protected:
  void SetUp() override {
    StoredMemoriesTest::SetUp();
    put_memory(1, "left", "[]", "operator_note");
    put_memory(2, "right", "[]", "operator_note");
  }
  void contradiction(const std::string& id, const std::string& status, const std::string& since,
                     const std::string& until) {
    exec(cat("INSERT INTO contradictions VALUES ('", id, "', '", memory_id(1), "', '", memory_id(2),
             "', 't', '", status, "', NULL, '", since, "', '", until, "')"));
  }
  MemoryStory story(const std::optional<std::string>& as_of) {
    auto found = memory_story(services_, layout_, memory_id(1), as_of, store::ProofDepth::kHashes);
    EXPECT_TRUE(found.ok()) << found.error().text();
    return found.ok() ? std::move(found).value() : MemoryStory{};
  }
  static std::string why(const MemoryStory& story) {
    return json::write_compact(*why_json(story).find("reasons"));
  }
  static bool usable(const MemoryStory& story) {
    return *why_json(story).find("usable_by_default")->as_bool();
  }
};

TEST_F(MemoryStoryTest, BrightnessIsThatOfTheContradictionsOfTheMoment) {
  contradiction("con_1", "resolved", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00");
  contradiction("con_2", "unresolved", "2026-04-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00");
  const float bright = story("2026-01-15T00:00:00Z").brightness;
  const MemoryStory during = story("2026-02-15T00:00:00Z");
  EXPECT_LT(during.brightness, bright);
  EXPECT_FALSE(usable(during));
  EXPECT_THAT(why(during), HasSubstr("was open then, is resolved\",\"speaks_for\":false"));
  EXPECT_THAT(why(during), Not(HasSubstr("con_2")));
  const MemoryStory between = story("2026-03-15T00:00:00Z");
  EXPECT_EQ(between.brightness, bright);
  EXPECT_TRUE(usable(between));
  EXPECT_EQ(story({}).brightness, during.brightness);
  EXPECT_FALSE(usable(story({})));
}

TEST_F(MemoryStoryTest, AcceptingWhatIsNotThereSaysSo_ByTheInvariantOfTheProof) {
  const auto accept = [this](int n) {
    return accept_memory(services_, layout_, {.caller = {}}, memory_id(n),
                         store::ProofDepth::kHashes);
  };
  const auto missing = accept(9);
  ASSERT_TRUE(missing.ok()) << missing.error().text();
  ASSERT_TRUE(missing->refused);
  EXPECT_EQ(missing->refused->code, Code::kPrecondition);
  EXPECT_EQ(missing->refused->message,
            cat("invariant=", kAcceptProofInvariant, ": the memory ", memory_id(9),
                " was not found, so its proof is not whole: observed Partial"));
  EXPECT_THAT(missing->refused->next, HasSubstr("did you mean"));
  exec(cat("UPDATE memories SET memory_type = 'semantic', status = 'candidate' WHERE id = '",
           memory_id(1), "'"));
  EXPECT_THAT(accept(1)->refused->message, HasSubstr("must be whole, observed Partial"));
}

}  // namespace
}  // namespace cortex::app
