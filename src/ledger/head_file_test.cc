#include "ledger/head_file.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

// What is ignored stands in recovery_test.cc.
class HeadFileTest : public LedgerTest {
 protected:
  std::optional<LedgerHead> read() const { return read_head_file(fs::posix(), *open_file()); }
};

TEST_F(HeadFileTest, File_StandsBesideTheLedger) {
  EXPECT_EQ(head_file_path("/a/b/events.jsonl"), "/a/b/cortex_events.jsonl.head");
  EXPECT_EQ(fs::parent_of(head_file_path("events.jsonl")), ".");
  EXPECT_NE(head_file_path("a.jsonl"), head_file_path("b.jsonl"));
}

TEST_F(HeadFileTest, WhatIsWritten_IsReadBack) {
  const auto events = sealed_events(2);
  write(ledger_text(events) + "{torn");
  const LedgerHead head{ledger_text(events).size(), 2, events[1].event_hash};
  EXPECT_EQ(read(), std::nullopt);
  ASSERT_TRUE(write_head_file(fs::posix(), path_, head).ok());
  EXPECT_EQ(read(), head);
}

TEST_F(HeadFileTest, HeadWithoutRows_IsReadBack) {
  write("\n\n");
  for (const std::uint64_t size_bytes : {2U, 0U}) {
    const LedgerHead head{size_bytes, 0, std::nullopt};
    ASSERT_TRUE(write_head_file(fs::posix(), path_, head).ok());
    EXPECT_EQ(read(), head);
  }
}

TEST_F(HeadFileTest, Bytes_AreThoseOfTheFormatAndPrivate) {
  ASSERT_TRUE(write_head_file(fs::posix(), path_, {1234567890, 7, std::string("ab")}).ok());
  const std::string path = head_file_path(path_);
  EXPECT_EQ(
      fs::read_all(fs::posix(), path, 4096).value(),
      with_check(R"({"format":2,"head":"ab","row_hash":null,"rows":7,"size_bytes":1234567890)"));
  EXPECT_EQ(fs::posix().stat(path)->mode, 0600U);
  ASSERT_TRUE(write_head_file(fs::posix(), path_, {}).ok());
  EXPECT_EQ(fs::read_all(fs::posix(), path, 4096).value(),
            with_check(R"({"format":2,"head":null,"row_hash":null,"rows":0,"size_bytes":0)"))
      << "nothing of the longer one is left";
}

TEST_F(HeadFileTest, UnknownKeys_AreTolerated) {
  const auto events = sealed_events(1);
  const std::string text = ledger_text(events);
  write(text);
  ASSERT_TRUE(fs::write_new(
                  fs::posix(), head_file_path(path_),
                  with_check(cat(R"({"more":[1],"format":2,"row_hash":null,"size_bytes":)",
                                 text.size(), R"(,"rows":1,"head":")", events[0].event_hash, "\"")),
                  0600)
                  .ok());
  EXPECT_EQ(read(), (LedgerHead{text.size(), 1, events[0].event_hash}));
}

TEST_F(HeadFileTest, MissingFolder_IsAnError) {
  EXPECT_FALSE(write_head_file(fs::posix(), folder_ / "missing/events.jsonl", {}).ok());
}

}  // namespace
}  // namespace cortex::ledger
