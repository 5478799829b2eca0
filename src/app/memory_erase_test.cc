// Erasure that proves itself: the text is gone from every file, the ledger still verifies, what was
// signed before still holds, and nobody can pass a change off as an erasure.
#include "app/memory_erase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "app/checkpoint.h"
#include "app/doctor.h"
#include "app/ingest.h"
#include "app/init.h"
#include "app/memory_note.h"
#include "app/open_store.h"
#include "app/rebuild.h"
#include "app/search.h"
#include "app/tree_proof.h"
#include "ledger/ledger_fixture.h"
#include "ledger/promise.h"
#include "store/schema_query.h"

namespace cortex::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// With a quote and a line end: in JSON it is spelled otherwise.
constexpr std::string_view kClaim = "Anna's badge is \"4711\"\nand her locker is 12";

class EraseTest : public AppTest {
 protected:
  EraseTest() {
    mirror();
    core::Event told = event(1);
    told.payload = json::canonical(json::Object{{"text", cat("she said: ", kClaim)}});
    const IngestRequest session{.session = session_file(session_of({told, event(2)})),
                                .layout = layout_};
    CORTEX_CHECK(ingest(services_, session).ok());
    memory_id_ = noted(kClaim);
    other_id_ = noted("the sky is blue at noon");
    put(folder_ / "log.seed", std::string(32, '\x07'));
  }
  std::string noted(std::string_view claim) {
    NoteRequest request{.claim = std::string(claim), .domains = {"t"}};
    auto done = note(services_, layout_, {}, request);
    CORTEX_CHECK(done.ok());
    return done->memory_id;
  }
  EraseRequest request() const {
    return {
        .layout = layout_, .memory_id = memory_id_, .confirm = memory_id_, .reason = "asked to"};
  }
  Result<EraseReport> erase() { return erase_memory(services_, request()); }
  // As if the process had died between the record and the rewriting: old rows, new record.
  void erase_as_far_as_the_record() {
    const std::string before = get(log_);
    ASSERT_TRUE(erase().ok());
    const std::string now = get(log_);
    ledger::scribble(log_, before + now.substr(now.rfind('\n', now.size() - 2) + 1));
    ASSERT_TRUE(fs::remove_tree(fs_, live_ + "/events.jsonl.tlog").ok());
    ASSERT_TRUE(fs_.remove_file(live_ + "/cortex_events.jsonl.head").ok());
  }
  // Every check names what ends it, and none sends anybody to a copy of the store, with the text.
  void expect_unfinished() {
    const std::string end = cat("cortex memory forget ", memory_id_, " --erase");
    const VerifyReport looked = verify();
    EXPECT_EQ(looked.code, Code::kIntegrity);
    EXPECT_THAT(looked.error->message, HasSubstr("was interrupted"));
    EXPECT_THAT(looked.error->next, HasSubstr(end));
    const StrictReport deep = doctor_strict(services_, layout_, true);
    EXPECT_EQ(deep.code, Code::kIntegrity);
    EXPECT_THAT(deep.next, HasSubstr(end));
    const auto rebuilt = rebuild_from_ledger(services_, layout_);
    ASSERT_FALSE(rebuilt.ok());
    EXPECT_EQ(rebuilt.error().token, kErasureUnfinishedToken);
    EXPECT_THAT(rebuilt.error().next, HasSubstr(end));
    EXPECT_THAT(names_in(live_), Not(Contains(HasSubstr("repair"))));
  }
  VerifyReport verify(bool mirror = true) {
    return audit_verify(services_, {.layout = layout_, .strict = true, .mirror = mirror});
  }
  // Everything in the data folder, the tree included.
  std::string all_bytes(const std::string& folder) {
    std::string bytes;
    for (const std::string& name : names_in(folder)) {
      const std::string path = fs::join(folder, name);
      bytes += kind_of(path) == fs::Kind::kDirectory ? all_bytes(path) : get(path);
    }
    return bytes;
  }
  void expect_gone() {
    const std::string bytes = all_bytes(live_);
    for (const std::string_view part : {"4711", "Anna's badge", "her locker", "locker is"}) {
      EXPECT_EQ(bytes.find(part), std::string::npos) << part;
    }
    EXPECT_NE(bytes.find("the sky is blue at noon"), std::string::npos) << "and nothing else is";
  }
  std::string claim_of(const std::string& id) {
    sqlite::Connection db = connect();
    return db.query_text(cat("SELECT claim FROM memories WHERE id = '", id, "'")).value();
  }

  std::string memory_id_, other_id_;
};

TEST_F(EraseTest, TextIsGoneFromEveryFile_AndTheLedgerVerifies) {
  ASSERT_THAT(all_bytes(live_), HasSubstr("4711"));
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->rows, 2U) << "the note and the row of the session";
  EXPECT_THAT(done->memories, ElementsAre(memory_id_));
  EXPECT_THAT(done->remaining, IsEmpty());
  expect_gone();
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(report.chain->erased_rows, 2U);
  EXPECT_EQ(report.chain->failures_total, 0U);
  EXPECT_THAT(testing::PrintToString(report.results), HasSubstr("2 rows erased on purpose"));
  EXPECT_EQ(claim_of(memory_id_), "[erased]");
  EXPECT_EQ(claim_of(other_id_), "the sky is blue at noon");
}

TEST_F(EraseTest, WhatWasSignedBefore_StillHolds) {
  const std::string checkpoint = folder_ / "then.checkpoint";
  ASSERT_TRUE(
      audit_checkpoint(services_,
                       {.layout = layout_, .key_path = folder_ / "log.seed", .output = checkpoint})
          .ok());
  const auto proof = audit_prove(services_, {.layout = layout_, .event_id = id_of(2)});
  ASSERT_TRUE(proof.ok()) << proof.error().text();
  ASSERT_TRUE(erase().ok());
  const VerifyReport report =
      audit_verify(services_, {.layout = layout_, .strict = true, .since = checkpoint});
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(audit_prove(services_, {.layout = layout_, .event_id = id_of(2)})->proof, proof->proof);
  const auto erased = audit_prove(services_, {.layout = layout_, .event_id = id_of(1)});
  ASSERT_FALSE(erased.ok());
  EXPECT_EQ(erased.error().token, kRowErasedToken);
}

TEST_F(EraseTest, LedgerAloneGivesTheSameStore) {
  ASSERT_TRUE(erase().ok());
  exec("UPDATE memories SET claim = 'something else'");
  EXPECT_EQ(verify().code, Code::kIntegrity);
  const auto rebuilt = rebuild_from_ledger(services_, layout_);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().text();
  EXPECT_EQ(claim_of(memory_id_), "[erased]");
  EXPECT_EQ(verify().code, Code::kOk);
}

TEST_F(EraseTest, AppendsAndErasesGoOn) {
  ASSERT_TRUE(erase().ok());
  append(10, 3);
  const std::string third = noted("another thing to be forgotten");
  ASSERT_TRUE(
      erase_memory(services_,
                   {.layout = layout_, .memory_id = third, .confirm = third, .reason = "asked to"})
          .ok());
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(report.chain->erased_rows, 3U);
  EXPECT_EQ(erase().error().token, "memory.erase.done");
}

TEST_F(EraseTest, ChangeThatIsNoErasure_IsFound) {
  ASSERT_TRUE(erase().ok());
  const std::string good = get(log_);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"she said: [erased]", "he said: [erased]"},  // the rest of an erased row
           {"\"cortex_erased\":{\"id\":\"0", "\"cortex_erased\":{\"id\":\"1"},  // of no erasure
           {"\"erased_leaf\":\"", "\"erased_leaf\":\"0"}}) {
    ledger::scribble(log_, ledger::replaced(good, from, to));
    EXPECT_EQ(verify(false).code, Code::kIntegrity) << from;
  }
  ledger::scribble(log_, good);
  EXPECT_EQ(verify(false).code, Code::kOk);
}

// A row cannot be taken for erased because it says so: an operation has to name it.
TEST_F(EraseTest, RowThatOnlySaysSo_IsABrokenRow) {
  const std::string good = get(log_);
  const std::string mark = cat("\"cortex_erased\":{\"id\":\"", Ulid{1, 2}.text(), "\",\"leaf\":\"",
                               std::string(64, 'a'), "\"},\"n\":7");
  ledger::scribble(log_, ledger::replaced(good, "\"n\":2", mark));
  const VerifyReport report = verify(false);
  EXPECT_EQ(report.code, Code::kIntegrity);
  ASSERT_FALSE(report.chain->failures.empty());
  EXPECT_EQ(report.chain->failures.front().invariant, ledger::kErasureUnrecordedToken);
  EXPECT_EQ(report.chain->failures.front().line, 2U);
}

// A payload that hashes to what it should is no erased one, whatever it says of itself; numbers
// that cannot be read back exactly do not make it one. Else its leaf would be its writer's choice.
TEST_F(EraseTest, SoundRowThatSaysSo_KeepsItsOwnLeaf) {
  core::Event posing = event(10);
  posing.payload = cat("{\"cortex_erased\":{\"id\":\"x\",\"leaf\":\"", std::string(64, 'a'),
                       "\"},\"f\":-2.72422580300561e-11}");
  ASSERT_TRUE(
      ingest(services_, {.session = session_file(session_of({posing})), .layout = layout_}).ok());
  ASSERT_TRUE(fs::remove_tree(fs_, live_ + "/events.jsonl.tlog").ok());
  ASSERT_TRUE(
      audit_checkpoint(services_, {.layout = layout_, .key_path = folder_ / "log.seed"}).ok());
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(report.chain->erased_rows, 0U);
  const auto proof = audit_prove(services_, {.layout = layout_, .event_id = id_of(10)});
  EXPECT_TRUE(proof.ok()) << proof.error().text();
}

// The tree is the only one that knows: it must not be made again from rows that were changed.
TEST_F(EraseTest, RowChangedBefore_IsStillFoundAfterwards) {
  ledger::scribble(log_, ledger::replaced(get(log_), id_of(2), id_of(7)));
  ASSERT_EQ(verify(false).error->token, "audit.tree.row_changed");
  ASSERT_TRUE(erase().ok());
  const VerifyReport report = verify(false);
  ASSERT_EQ(report.code, Code::kIntegrity);
  EXPECT_EQ(report.error->token, "audit.tree.row_changed");
  append(10, 3);
  EXPECT_EQ(verify(false).error->token, "audit.tree.row_changed");
}

// The process died when the ledger had the record, and the store did not.
TEST_F(EraseTest, StoreThatLacksTheRecord_IsCaughtUp) {
  const std::string store_before = get(db_);
  erase_as_far_as_the_record();
  put(db_, store_before);
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_TRUE(done->resumed);
  expect_gone();
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(count("memories WHERE status = 'rejected'"), 1);
  EXPECT_EQ(count("cortex_mirror_conflicts"), 0);
}

// Fails at the rename of the ledger, or behind it.
class CutOffFs final : public fs::ForwardFs {
 public:
  explicit CutOffFs(bool before) : before_(before) {}
  Status replace(const std::string& from, const std::string& to) override {
    if (before_) return make_error(Code::kInternal, "no rename");
    is_behind_ = true;
    return ForwardFs::replace(from, to);
  }
  Status sync_directory(const std::string& path) override {
    if (is_behind_) return make_error(Code::kInternal, "the power is gone");
    return ForwardFs::sync_directory(path);
  }

 private:
  bool before_, is_behind_ = false;
};

TEST_F(EraseTest, InterruptedBehindTheRewriting_IsEndedByTheSameCommand) {
  CutOffFs cut_off(false);
  Services cut{cut_off, clock_, random_};
  ASSERT_FALSE(erase_memory(cut, request()).ok());
  const VerifyReport between = verify(false);
  EXPECT_EQ(between.code, Code::kOk) << between.error->text();
  expect_unfinished();
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_TRUE(done->resumed);
  expect_gone();
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
}

TEST_F(EraseTest, LedgerThatCannotBeReplaced_KeepsWhatWasPromisedOfIt) {
  CutOffFs cut_off(true);
  Services cut{cut_off, clock_, random_};
  ASSERT_FALSE(erase_memory(cut, request()).ok());
  const std::string log = get(log_);
  ledger::scribble(log_, log.substr(0, log.rfind('\n', log.size() - 2) + 1));
  EXPECT_EQ(verify(false).error->token, ledger::kTailCutToken);
  ledger::scribble(log_, log);
  ASSERT_TRUE(erase().ok());
  EXPECT_EQ(verify().code, Code::kOk);
}

TEST_F(EraseTest, InterruptedErasure_IsToldAndEndedByTheSameCommand) {
  erase_as_far_as_the_record();
  exec("UPDATE cortex_mirror SET offset_bytes = " + std::to_string(get(log_).size()));
  sqlite::Connection db = connect();
  {
    auto update = db.prepare("UPDATE memories SET claim = ?1 WHERE id = ?2").value();
    ASSERT_TRUE(update.bind_all(kClaim, memory_id_).ok());
    ASSERT_TRUE(update.run().ok());
  }
  const VerifyReport pending = verify(false);
  EXPECT_EQ(pending.code, Code::kOk) << pending.error->text();
  EXPECT_THAT(testing::PrintToString(pending.notes), HasSubstr("audit.erasure.pending"));
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_TRUE(done->resumed);
  expect_gone();
  EXPECT_EQ(verify(false).chain->erasures_pending, 0U);
}

// As above, and before somebody runs it again the same is noted once more.
TEST_F(EraseTest, InterruptedErasure_TakesWhatWasRecordedSinceAlong) {
  erase_as_far_as_the_record();
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  ASSERT_TRUE(init(services_, layout_, false).ok());
  const std::string again = noted(kClaim);
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->rows, 3U);
  expect_gone();
  EXPECT_EQ(claim_of(again), "[erased]");
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(report.chain->erasures_pending, 0U);
}

// Another erasure may speak of this memory: that does not make it the erasure of this memory.
TEST_F(EraseTest, ErasureThatNamesTheMemoryInItsReason_IsNotItsErasure) {
  const auto duplicate = erase_memory(services_, {.layout = layout_,
                                                  .memory_id = other_id_,
                                                  .confirm = other_id_,
                                                  .reason = cat("duplicate of ", memory_id_)});
  ASSERT_TRUE(duplicate.ok()) << duplicate.error().text();
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_FALSE(done->resumed);
  EXPECT_EQ(done->rows, 2U);
  for (const std::string_view part : {"4711", "Anna's badge", "her locker"}) {
    EXPECT_THAT(all_bytes(live_), Not(HasSubstr(std::string(part))));
  }
  EXPECT_EQ(verify().code, Code::kOk);
}

// It held then, but nobody can say any more what it was.
TEST_F(EraseTest, SearchOfThePast_LeavesOutWhatWasErased) {
  clock_.time.seconds += 60;
  const std::string then = format_rfc3339(clock_.time, Offset::kZ);
  clock_.time.seconds += 60;
  const auto found = [&](std::string query) {
    const auto report =
        search_memories(services_, {}, layout_, {.query = std::move(query), .as_of = then});
    CORTEX_CHECK(report.ok());
    std::vector<std::string> ids;
    for (const SearchMatch& match : report->matches) ids.push_back(match.memory_id);
    return ids;
  };
  ASSERT_THAT(found("locker"), ElementsAre(memory_id_));
  ASSERT_TRUE(erase().ok());
  EXPECT_THAT(found("locker"), IsEmpty());
  EXPECT_THAT(found("erased"), IsEmpty());
  EXPECT_THAT(found("sky"), ElementsAre(other_id_));
}

TEST_F(EraseTest, CopiesInTheDataFolder_AreNamed) {
  put(live_ + "/old.jsonl", get(log_));
  const auto done = erase();
  ASSERT_TRUE(done.ok());
  EXPECT_THAT(done->remaining, ElementsAre(live_ + "/old.jsonl"));
}

TEST_F(EraseTest, CopiesInFoldersBelow_AreNamedToo) {
  const std::string folder = fs::join(live_, ".restore-apply-recovery");
  ASSERT_TRUE(fs_.make_directory(folder, 0700).ok());
  put(folder + "/current.events.jsonl", get(log_));
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(done->remaining, ElementsAre(folder + "/current.events.jsonl"));
}

// A store may lie in somebody's home.
TEST_F(EraseTest, FoldersBesideAStoreElsewhere_AreNotGoneThrough) {
  layout_.data_dir = folder_ / "own";
  const std::string evidence = fs::join(live_, ".restore-apply-recovery");
  for (const std::string& made : {layout_.data_dir, live_ + "/people", evidence}) {
    ASSERT_TRUE(fs_.make_directory(made, 0700).ok());
    put(made + "/copy.jsonl", get(log_));
  }
  put(live_ + "/copy.jsonl", get(log_));
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(done->remaining,
              UnorderedElementsAre(layout_.data_dir + "/copy.jsonl", live_ + "/copy.jsonl",
                                   evidence + "/copy.jsonl"));
}

TEST_F(EraseTest, ShortClaim_IsErasedWhereItIsAWholeText) {
  const std::string id = noted("blue");
  ASSERT_TRUE(
      erase_memory(services_,
                   {.layout = layout_, .memory_id = id, .confirm = id, .reason = "a colour"})
          .ok());
  EXPECT_EQ(claim_of(id), "[erased]");
  EXPECT_EQ(claim_of(other_id_), "the sky is blue at noon");
  EXPECT_EQ(verify().code, Code::kOk);
}

// Whoever may note something may note a word of the format; forgetting it must leave the format.
TEST_F(EraseTest, ClaimThatIsAWordOfTheFormat_LeavesRowsAndTablesWhatTheyAre) {
  for (const char* word :
       {"active", "memory.note", "memory.accept", "pending_mcp_commit", "runtime",
        "cortex_operation", "memory_type", "claim", "operator", "superseded"}) {
    const std::string id = noted(word);
    const auto done = erase_memory(
        services_, {.layout = layout_, .memory_id = id, .confirm = id, .reason = "no memory"});
    ASSERT_TRUE(done.ok()) << word << ": " << done.error().text();
    EXPECT_EQ(done->rows, 1U) << word;
    EXPECT_EQ(claim_of(id), "[erased]") << word;
    EXPECT_EQ(verify().code, Code::kOk) << word;
  }
  EXPECT_EQ(count("memories WHERE memory_type = 'operator_note'"), count("memories"));
  EXPECT_EQ(count("memories WHERE status = 'active'"), 2);
  const std::int64_t operations = count("cortex_operations");
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  ASSERT_TRUE(init(services_, layout_, false).ok());
  ASSERT_TRUE(open_store(services_, layout_).ok());
  EXPECT_EQ(count("cortex_operations WHERE outcome = 'applied'"), operations);
}

// As transcripts hold what tools answered.
TEST_F(EraseTest, TextInJsonThatIsAText_IsErasedThereToo) {
  const std::string answer = json::write_compact(json::Object{{"claim", kClaim}, {"n", 1}});
  core::Event told = event(3), printed = event(4);
  told.payload = json::canonical(json::Object{{"text", answer}});
  printed.payload = json::canonical(json::Object{{"text", cat("it answered: ", answer)}});
  ASSERT_TRUE(
      ingest(services_, {.session = session_file(session_of({told, printed})), .layout = layout_})
          .ok());
  const auto done = erase();
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->rows, 4U);
  EXPECT_THAT(done->remaining, IsEmpty());
  expect_gone();
  EXPECT_THAT(get(log_), HasSubstr(R"({\"claim\":\"[erased]\",\"n\":1})"));
  EXPECT_EQ(verify().code, Code::kOk);
}

TEST_F(EraseTest, ClaimThatIsAlsoATag_IsErasedThereToo) {
  NoteRequest noting{.claim = "ops", .domains = {std::string(ledger::kErasedText), "ops"}};
  const auto done = note(services_, layout_, {}, noting);
  ASSERT_TRUE(done.ok()) << done.error().text();
  EraseRequest erasing = request();
  erasing.memory_id = erasing.confirm = done->memory_id;
  const auto erased = erase_memory(services_, erasing);
  ASSERT_TRUE(erased.ok()) << erased.error().text();
  EXPECT_EQ(count("memories WHERE domains_json LIKE '%ops%'"), 0);
  EXPECT_EQ(count("cortex_memory_tags WHERE tag = 'ops'"), 0);
  EXPECT_EQ(count("cortex_memory_tags WHERE tag = '[erased]'"), 1);
}

TEST_F(EraseTest, MemoryOfAnotherProgram_IsWrittenDownWithoutItsText) {
  const std::string foreign = cat("mem_", Ulid{1ULL << 40U, 77}.text());
  exec(cat(
      "INSERT INTO memories SELECT '", foreign, "', ",
      [&] {
        sqlite::Connection db = connect();
        std::string columns;
        for (const std::string& name : store::column_names(db, "memories").value()) {
          if (name == "id") continue;
          columns += cat(columns.empty() ? "" : ", ",
                         name == "claim" ? "'made by another program'" : name);
        }
        return columns;
      }(),
      " FROM memories WHERE id = '", other_id_, "'"));
  const auto done = erase_memory(
      services_,
      {.layout = layout_, .memory_id = foreign, .confirm = foreign, .reason = "asked to"});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(all_bytes(live_).find("made by another program"), std::string::npos);
  EXPECT_EQ(verify().code, Code::kOk);
}

TEST_F(EraseTest, NothingIsErasedByAccident) {
  const std::string before = get(log_);
  EraseRequest unconfirmed = request();
  unconfirmed.confirm = other_id_;
  EXPECT_EQ(code_of(erase_memory(services_, unconfirmed)), Code::kUsage);
  EraseRequest silent = request();
  silent.reason = "  ";
  EXPECT_EQ(code_of(erase_memory(services_, silent)), Code::kUsage);
  EraseRequest telling = request();
  telling.reason = cat("because ", kClaim);
  EXPECT_EQ(code_of(erase_memory(services_, telling)), Code::kUsage);
  EraseRequest unknown = request();
  unknown.memory_id = unknown.confirm = "mem_01KG0000000000000000000001";
  EXPECT_EQ(code_of(erase_memory(services_, unknown)), Code::kPrecondition);
  EXPECT_EQ(get(log_), before);
}

}  // namespace
}  // namespace cortex::app
