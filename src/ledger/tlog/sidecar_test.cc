#include "ledger/tlog/sidecar.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

class SidecarTest : public LedgerTest {
 protected:
  std::string member(std::string_view name) const { return fs::join(sidecar_path(path_), name); }
  TreeHash plain_root(std::uint64_t rows) const {
    TileBuilder builder;
    std::string_view rest = text_ = bytes();
    const auto ignore = [](unsigned, std::uint64_t, std::span<const TreeHash>) { return Status(); };
    for (; rows > 0; --rows) {
      std::size_t end = rest.find('\n');
      while (is_blank(rest.substr(0, end))) {
        rest.remove_prefix(end + 1);
        end = rest.find('\n');
      }
      EXPECT_TRUE(builder.add(leaf_hash(rest.substr(0, end)), ignore).ok());
      rest.remove_prefix(end + 1);
    }
    return builder.root();
  }
  // The tree is over `rows` rows, all of its tiles are there, and every row is found.
  void expect_tree(std::uint64_t rows) const {
    const auto state = read_tree_state(fs::posix(), path_);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->ledger.rows, rows);
    EXPECT_EQ(state->root, plain_root(rows));
    TileReader tiles(fs::posix(), sidecar_path(path_), rows);
    EXPECT_EQ(tree_root(tiles.source(), rows).value(), state->root);
    const auto file = open_file();
    for (const std::uint64_t n : {std::uint64_t{1}, rows / 2 + 1, rows}) {
      const auto found = find_row(fs::posix(), *file, *state, sample_event(n).id);
      ASSERT_TRUE(found.ok() && *found) << n;
      EXPECT_EQ((*found)->index, n - 1);
      EXPECT_EQ(leaf_hash((*found)->entry), tiles.hash(0, n - 1).value());
    }
    EXPECT_FALSE(find_row(fs::posix(), *file, *state, sample_event(rows + 1).id).value());
  }
  void break_file(std::string_view name, const std::function<void(std::string&)>& change) {
    std::string content = fs::read_all(fs::posix(), member(name), 1U << 20U).value();
    change(content);
    ASSERT_TRUE(fs::posix().overwrite(member(name), content).ok());
  }

  mutable std::string text_;
};

TEST_F(SidecarTest, BatchesOfAllSizes_GiveTheTreeOfTheRows) {
  std::uint64_t rows = 0;
  for (const std::uint64_t count : {1U, 1U, 3U, 250U, 1U, 1U, 600U, 168U, 1U}) {
    append_rows(rows + 1, count);
    rows += count;
    expect_tree(rows);
  }
  // One partial tile a level, and no other.
  EXPECT_EQ(fs::posix().list(member("tile/0")).value(),
            (std::vector<std::string>{"000", "001", "002", "003", "004.p"}));
  EXPECT_EQ(fs::posix().list(member("tile/0/004.p")).value(), std::vector<std::string>{"2"});
  EXPECT_EQ(fs::posix().list(member("tile/1/000.p")).value(), std::vector<std::string>{"4"});
}

TEST_F(SidecarTest, ForeignRows_AreCaughtUp) {
  append_rows(1, 3);
  const auto events = sealed_events(5);
  write(ledger_text(sealed_events(3)) + "\n \n" + row_text(events[3]) + row_text(events[4]) + "\n");
  append_rows(6, 1);
  expect_tree(6);
}

TEST_F(SidecarTest, LedgerFromBefore_IsTakenIn) {
  const auto events = sealed_events(300);
  std::string text = ledger_text(events);
  text.pop_back();  // the newline
  write(text);
  append_rows(301, 1);
  expect_tree(301);
}

TEST_F(SidecarTest, WhateverIsDamaged_IsBuiltAgain) {
  append_rows(1, 300);
  const std::pair<std::string_view, std::function<void(std::string&)>> cases[] = {
      {"state", [](std::string& s) { s.resize(s.size() / 2); }},
      {"state", [](std::string& s) { s.clear(); }},
      {"tile/0/001.p/44", [](std::string& s) { s.resize(s.size() - 1); }},
      {"tile/0/001.p/44", [](std::string& s) { s[5] ^= 1; }},
      {"tile/1/000.p/1", [](std::string& s) { s[31] ^= 1; }},
      {"offsets", [](std::string& s) { s.resize(7); }},
      {"ids", [](std::string& s) { s.clear(); }},
  };
  const std::string text = bytes();
  for (const auto& [name, change] : cases) {
    write(text);
    for (const auto& path : {sidecar_path(path_), head_file_path(path_)}) {
      ASSERT_TRUE(fs::remove_tree(fs::posix(), path).ok());
    }
    auto file = open_file();
    const LedgerHead head = settle_tail(fs::posix(), *file)->head;
    ASSERT_TRUE(Sidecar::open(fs::posix(), *file, head, 1U << 30U).ok());
    break_file(name, change);
    append_rows(301, 1);
    expect_tree(301);
  }
}

TEST_F(SidecarTest, RolledBackRows_AreNotInTheTree) {
  append_rows(1, 200);
  {
    auto log = open_log();
    for (std::uint64_t n = 500; n < 700; ++n) {
      core::Event event = sample_event(n, 10);
      ASSERT_TRUE((*log)->append(event).ok());
    }
    ASSERT_TRUE((*log)->roll_back().ok());
    core::Event event = sample_event(201);
    ASSERT_TRUE((*log)->append(event).ok());
    ASSERT_TRUE((*log)->commit().ok());
    EXPECT_FALSE((*log)->tree_error());
  }
  expect_tree(201);
  append_rows(202, 400);
  expect_tree(601);
}

// Of more than a block: the tree is at one while the next one is sealed.
TEST_F(SidecarTest, LargeBatches_AreTakenBlockByBlock) {
  constexpr std::uint64_t kRows = 4000, kPad = 1000;
  append_rows(1, 5);
  {
    auto log = open_log();
    const auto add_all = [&log] {
      for (std::uint64_t n = 6; n <= kRows; ++n) {
        core::Event event = sample_event(n, kPad);
        ASSERT_TRUE((*log)->append(event).ok());
      }
    };
    add_all();
    ASSERT_TRUE((*log)->roll_back().ok());
    add_all();
    ASSERT_TRUE((*log)->commit().ok());
    EXPECT_FALSE((*log)->tree_error());
    add_all();  // left behind in the middle
  }
  ASSERT_GT(bytes().size(), 3 * limits::kIoBlockBytes);
  expect_tree(kRows);
  append_rows(kRows + 1, 3);
  expect_tree(kRows + 3);
}

TEST_F(SidecarTest, TreeThatCannotBeWritten_DoesNotStopTheLedger) {
  ASSERT_TRUE(fs::write_new(fs::posix(), sidecar_path(path_), "a file", 0600).ok());
  auto log = open_log();
  core::Event event = sample_event(1);
  ASSERT_TRUE((*log)->append(event).ok());
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_TRUE((*log)->tree_error());
  log->reset();
  expect_closed(1);
}

TEST_F(SidecarTest, LongLag_IsLeftToLater) {
  append_rows(1, 3);
  const auto file = open_file();
  ASSERT_TRUE(fs::remove_tree(fs::posix(), sidecar_path(path_)).ok());
  const LedgerHead head = settle_tail(fs::posix(), *file)->head;
  const auto opened = Sidecar::open(fs::posix(), *file, head, head.size_bytes - 1);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().token, kTreeLagsToken);
}

TEST_F(SidecarTest, TreeOfAnotherLedger_IsLeftAlone) {
  append_rows(1, 3);
  write(ledger_text(sealed_events(9, 50)));
  const std::string before = fs::read_all(fs::posix(), member("state"), 4096).value();
  auto log = open_log();
  core::Event event = sample_event(10);
  ASSERT_TRUE((*log)->append(event).ok());
  ASSERT_TRUE((*log)->commit().ok());
  ASSERT_TRUE((*log)->tree_error());
  EXPECT_EQ((*log)->tree_error()->token, kTreeOfOtherLedgerToken);
  EXPECT_EQ(fs::read_all(fs::posix(), member("state"), 4096).value(), before);
}

TEST_F(SidecarTest, TreeLeftBehind_IsCaughtUpByTheNextBatch) {
  auto log = open_log();
  (*log)->leave_tree_behind();
  core::Event event = sample_event(1);
  ASSERT_TRUE((*log)->append(event).ok());
  ASSERT_TRUE((*log)->commit().ok());
  log->reset();
  EXPECT_FALSE(read_tree_state(fs::posix(), path_));
  append_rows(2, 1);
  expect_tree(2);
}

}  // namespace
}  // namespace cortex::ledger
