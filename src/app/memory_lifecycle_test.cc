#include "app/memory_lifecycle.h"

#include <gmock/gmock.h>

#include "app/memory_note.h"
#include "app/memory_read.h"
#include "app/memory_use.h"
#include "app/stored_memories_fixture.h"

namespace cortex::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class MemoryLifecycleTest : public StoredMemoriesTest {
 protected:
  std::string noted(NoteRequest request) {
    auto done = note(services_, layout_, {}, std::move(request));
    CORTEX_CHECK(done.ok());
    return done->memory_id;
  }
  MoveReport supersede(const std::string& id, const std::string& by,
                       const std::optional<std::string>& since = std::nullopt) {
    auto done = supersede_memory(services_, layout_, {}, id, by, since, "");
    EXPECT_TRUE(done.ok()) << done.error().text();
    return done.ok() ? *std::move(done) : MoveReport{};
  }
  std::vector<std::string> valid_at(const std::string& time) {
    std::vector<std::string> ids;
    const auto found =
        list_memories(services_, layout_, {.tags = {}, .statuses = {}, .valid_at = time});
    EXPECT_TRUE(found.ok()) << found.error().text();
    for (const store::MemoryThen& row : found->rows) ids.push_back(row.memory.id);
    return ids;
  }
};

// A tag changes nothing about when a claim holds.
TEST_F(MemoryLifecycleTest, RestoredAfterItsTagsChanged_HoldsAsBefore) {
  const std::string other = noted({.claim = "the office is in Basel", .domains = {}});
  const std::string id =
      noted({.claim = "lunch is at noon", .domains = {}, .valid_from = "2020-01-01"});
  supersede(id, other);
  ASSERT_TRUE(change_tag(services_, layout_, {}, true, id, "meals").ok());
  const auto back = restore_memory(services_, layout_, {}, id, "", store::ProofDepth::kHashes);
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(back->to, "active");
  EXPECT_THAT(valid_at("2099-01-01"), Contains(id));
  EXPECT_THAT(valid_at("2019-01-01"), Not(Contains(id)));
}

// What ended by itself does not hold until something took its place.
TEST_F(MemoryLifecycleTest, SupersededAfterItEnded_HoldsNoLonger) {
  const std::string other =
      noted({.claim = "the office is in Basel", .domains = {}, .valid_from = "2022-01-01"});
  const std::string id = noted({.claim = "lunch was at noon",
                                .domains = {},
                                .valid_from = "2020-01-01",
                                .valid_until = "2021-01-01"});
  EXPECT_EQ(supersede(id, other).since, "2021-01-01T00:00:00+00:00");
  EXPECT_THAT(valid_at("2020-06-01"), ElementsAre(id));
  EXPECT_THAT(valid_at("2021-06-01"), ElementsAre());
  const std::string third =
      noted({.claim = "tea was at four", .domains = {}, .valid_until = "2021-01-01"});
  EXPECT_EQ(supersede(third, other, "2020-06-01").since, "2020-06-01T00:00:00+00:00");
}

TEST_F(MemoryLifecycleTest, CorrectionThatWouldNeverHold_IsRefused) {
  const std::string id =
      noted({.claim = "lunch was at noon", .domains = {}, .valid_until = "2021-01-01"});
  const std::string before = get(layout_.event_log_path);
  const auto never =
      correct(services_, layout_, {}, id,
              {.claim = "lunch was at one", .domains = {}, .valid_from = "2022-01-01"});
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().code, Code::kUsage);
  EXPECT_EQ(get(layout_.event_log_path), before);
  EXPECT_TRUE(correct(services_, layout_, {}, id,
                      {.claim = "lunch was at one",
                       .domains = {},
                       .valid_from = "2022-01-01",
                       .valid_until = "2023-01-01"})
                  .ok());
}

}  // namespace
}  // namespace cortex::app
