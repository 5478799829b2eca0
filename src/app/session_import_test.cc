#include "app/session_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/export.h"
#include "app/memory_contradictions.h"
#include "app/memory_note.h"
#include "app/memory_use.h"
#include "app/mirror_fixture.h"
#include "base/fs/forward_fs.h"
#include "crypto/key_file.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string sample_path(const std::string& name) {
  return std::string(CORTEX_TEST_DATA) + "/import/" + name;
}

class SessionImportTest : public AppTest {
 protected:
  ImportReport import(ImportRequest request) {
    request.layout = layout_;
    const auto report = import_sessions(services_, request);
    EXPECT_TRUE(report.ok()) << report.error().text();
    for (const ImportedFile& file : report->files) {
      EXPECT_FALSE(file.failure) << file.path << ": " << file.failure->text();
    }
    return *report;
  }
  std::vector<store::Memory> memories(const std::string& status) {
    sqlite::Connection db = connect();
    return store::page_of_memories(db, {.statuses = {status}}).value().rows;
  }
  void expect_accounted() {
    for (const auto& [table, rows] : unaccounted_rows(services_, log_, connect())) {
      EXPECT_EQ(rows, 0U) << table;
    }
  }
  // From now on an empty deployment of its own.
  void use_folder(const std::string& path) {
    live_ = path;
    ASSERT_TRUE(fs_.make_directory(live_, 0700).ok());
    layout_ = layout_in(live_);
    db_ = layout_.db_path;
    log_ = layout_.event_log_path;
    put(db_, "");
    put(log_, "");
  }
  // Rows of all kinds, by the use cases where that is short, else as other programs write them.
  void use_everything() {
    const auto first = note(services_, layout_, {},
                            {.claim = "holds for a while",
                             .domains = {"a"},
                             .valid_from = "2026-01-01",
                             .valid_until = "2026-02-01"});
    const auto second = note(services_, layout_, {}, {.claim = "says no", .domains = {"a"}});
    ASSERT_TRUE(first.ok() && second.ok()) << first.error().text();
    const auto outcome = record_outcome(
        services_, layout_, {},
        {.memory_id = first->memory_id, .session = "s", .result = "helpful", .note = "a -->"});
    ASSERT_TRUE(outcome.ok()) << outcome.error().text();
    const auto open = add_contradiction(services_, layout_, {}, first->memory_id, second->memory_id,
                                        "semantic", "they differ");
    ASSERT_TRUE(open.ok()) << open.error().text();
    const auto corrected =
        correct(services_, layout_, {}, second->memory_id, {.claim = "says yes", .domains = {"a"}});
    ASSERT_TRUE(corrected.ok()) << corrected.error().text();
    const std::string a = first->memory_id, b = second->memory_id;
    for (const std::string& sql :
         {cat("INSERT INTO cortex_precedence VALUES('con_1', '", a, "', '", b, "', 'r', 'e')"),
          std::string("INSERT INTO traces VALUES('trc_1', 1, 't', NULL, 'x', 'open')"),
          std::string("INSERT INTO episodes(id, trace_id, source_events_json, summary,"
                      " domains_json, entities_json, extracted_by_json, confidence, status)"
                      " VALUES('epi_1', 'trc_1', '[]', 's', '[]', '[]', '{}', 0.1, 'x')"),
          std::string("INSERT INTO principles VALUES('prn_1', 's', 'candidate', '[]', '[]',"
                      " '[]', '[]', '[]', 0.3, 0, 1, '{}', 't', 't')"),
          std::string("INSERT INTO doctrine(id, source_principle, rule, force,"
                      " promotion_reason, promoted_by_json, created_at)"
                      " VALUES('doc_1', 'prn_1', 'r', 'advisory', 'p', '{}', 't')"),
          cat("INSERT INTO decay_jobs VALUES('dcy_1', 'candidate_compression', 'none', '[]',"
              " 'completed', NULL, '",
              b, "', 't', 't', 'o', 't')"),
          std::string("INSERT INTO cortex_decay_jobs VALUES('dcy_1', 1, 'r', 't', 'c')"),
          cat("INSERT INTO memory_supersessions VALUES('", a, "', '", b, "', 'dcy_1', 't')"),
          cat("INSERT INTO episode_supersessions VALUES('epi_1', '", b, "', NULL, 't')"),
          std::string("INSERT INTO context_packs VALUES('ctx_1', 't', '{}', 'a', 't', NULL)"),
          std::string("INSERT INTO audit_records VALUES('aud_1', 'o', 't', NULL, 'h', 'r',"
                      " '{}', '[]', 't')")}) {
      exec(sql);
    }
  }
  std::string exported(ExportFormat format) {
    std::string out;
    const auto done = export_store(services_, layout_, format, [&out](std::string_view text) {
      out += text;
      return Status();
    });
    EXPECT_TRUE(done.ok()) << done.error().text();
    return out;
  }
};

TEST_F(SessionImportTest, ImportingAgainChangesNothing) {
  const ImportReport first =
      import({.path = sample_path("claude-code.jsonl"), .mark_user_lines = true, .extract = true});
  EXPECT_EQ(first.files[0].appended, 13U);
  EXPECT_EQ(first.files[0].counts.unknown, 1U);
  EXPECT_EQ(first.files[0].counts.malformed, 1U);
  EXPECT_EQ(first.files[0].proposals.proposed, 4U);
  const std::string before = get(log_);
  const ImportReport again =
      import({.path = sample_path("claude-code.jsonl"), .mark_user_lines = true, .extract = true});
  EXPECT_EQ(again.files[0].appended, 0U);
  EXPECT_EQ(again.files[0].already_known, 13U);
  EXPECT_EQ(again.files[0].proposals.known, 4U);
  EXPECT_EQ(get(log_), before);
  expect_accounted();
}

TEST_F(SessionImportTest, NobodyVouchesForTheWordsOfPeople_ButAKey) {
  const ImportReport skipped = import({.path = sample_path("claude-code.jsonl")});
  EXPECT_EQ(skipped.files[0].user_lines_skipped, 2U);
  EXPECT_EQ(skipped.files[0].appended, 11U);
  const std::string key = folder_ / "operator.seed";
  ASSERT_TRUE(crypto::write_seed(fs_, key, crypto::Seed{7}).ok());
  const ImportReport attested =
      import({.path = sample_path("claude-code.jsonl"), .user_attestation = key});
  EXPECT_EQ(attested.files[0].appended, 2U);
  EXPECT_THAT(get(log_), HasSubstr("\"source\":{\"type\":\"user\"}"));
}

TEST_F(SessionImportTest, WhatOthersBelieveIsACandidate_WithItsRecordAsSource) {
  import({.path = sample_path("memory.jsonl")});
  const auto found = memories("candidate");
  ASSERT_THAT(found, SizeIs(4));
  EXPECT_THAT(memories("active"), IsEmpty());
  for (const store::Memory& one : found) {
    EXPECT_EQ(one.authority, "external");
    EXPECT_EQ(one.source_events.as_array()->size(), 1U);
    EXPECT_EQ(one.tags().front(), "mcp-memory");
  }
  EXPECT_EQ(import({.path = sample_path("memory.jsonl")}).files[0].proposals.known, 4U);
  expect_accounted();
}

// Before anything reaches the disk; ids follow from what was read.
TEST_F(SessionImportTest, SecretsAreTakenOut_AndImportingAgainChangesNothing) {
  const std::string path = folder_ / "chat.jsonl";
  const std::string secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  put(path, cat("{\"role\":\"assistant\",\"content\":\"We decided to use ", secret, ".\"}\n",
                "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"function\":{\"name\":",
                "\"login\",\"arguments\":\"{\\\"password\\\":\\\"hunter2222\\\"}\"}}]}\n",
                "not json, AKIAABCDEFGHIJKLMNOP\n"));
  const ImportedFile dry = import({.path = path, .dry_run = true}).files[0];
  const ImportedFile first = import({.path = path, .extract = true}).files[0];
  EXPECT_EQ(redacted_count(first.redactions), 3U);
  EXPECT_EQ(dry.redactions, first.redactions);
  EXPECT_EQ(first.redactions.at("github_token"), 1U);
  EXPECT_EQ(first.redactions.at("password_value"), 1U);
  EXPECT_EQ(first.redactions.at("aws_access_key_id"), 1U);
  for (const std::string& file : {log_, db_, db_ + "-wal"}) {
    for (const std::string& text :
         {secret, std::string("hunter2222"), std::string("AKIAABCDEFGHIJKLMNOP")}) {
      if (kind_of(file) == fs::Kind::kMissing) continue;
      EXPECT_EQ(get(file).find(text), std::string::npos) << file << " " << text;
    }
  }
  ASSERT_THAT(memories("candidate"), SizeIs(1));
  EXPECT_THAT(memories("candidate").front().claim, HasSubstr("[redacted:github_token]"));
  const std::string before = get(log_);
  EXPECT_EQ(import({.path = path, .redact = false}).files[0].appended, 0U);
  EXPECT_EQ(get(log_), before);

  use_folder(folder_ / "as-it-is");
  EXPECT_EQ(redacted_count(import({.path = path, .redact = false}).files[0].redactions), 0U);
  EXPECT_THAT(get(log_), HasSubstr(secret));
}

TEST_F(SessionImportTest, ARecordThatChangedBringsItsNewClaimsAlone) {
  const std::string path = folder_ / "graph.jsonl";
  const std::string begin =
      "{\"type\":\"entity\",\"name\":\"a\",\"entityType\":\"t\",\"observations\":[\"one\"";
  put(path, cat(begin, "]}\n"));
  EXPECT_EQ(import({.path = path}).files[0].proposals.proposed, 1U);
  put(path, cat(begin, ",\"two\"]}\n"));
  const ImportedFile again = import({.path = path}).files[0];
  EXPECT_EQ(again.appended, 1U);
  EXPECT_EQ(again.proposals.proposed, 1U);
  EXPECT_EQ(again.proposals.known, 1U);
}

TEST_F(SessionImportTest, WhatWasRecalledComesBackAsNoCandidate) {
  const auto noted =
      note(services_, layout_, {}, {.claim = "the deploy waits for the migration", .domains = {}});
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  const std::string path = folder_ / "graph.jsonl";
  put(path, cat("{\"type\":\"entity\",\"name\":\"a\",\"entityType\":\"t\",\"observations\":[\"",
                noted->memory_id, ": the deploy waits for the migration\",\"one of its own\"]}\n"));
  const ImportedFile imported = import({.path = path}).files[0];
  EXPECT_EQ(imported.proposals.proposed, 1U);
  EXPECT_EQ(imported.proposals.refused, 1U);
  ASSERT_THAT(memories("candidate"), SizeIs(1));
  EXPECT_EQ(memories("candidate").front().claim, "a: one of its own");
}

// Somebody goes on writing the file: another line whenever it is read from its begin.
class GrowingFs final : public fs::ForwardFs {
 public:
  explicit GrowingFs(std::string path) : path_(std::move(path)) {}

  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    CORTEX_ASSIGN(auto file, fs::ForwardFs::open(path, how, mode));
    if (path != path_) return file;
    return std::unique_ptr<fs::File>(std::make_unique<Growing>(std::move(file)));
  }

 private:
  class Growing final : public fs::ForwardFile {
   public:
    using fs::ForwardFile::ForwardFile;
    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
      CORTEX_ASSIGN(const std::size_t got, fs::ForwardFile::read_at(offset, out));
      if (offset > 0) return got;
      CORTEX_ASSIGN(auto more, fs::posix().open(path(), fs::Open::kAppend, 0600));
      CORTEX_TRY(more->append("{\"role\":\"assistant\",\"content\":\"We decided to wait.\"}\n"));
      return got;
    }
  };

  std::string path_;
};

TEST_F(SessionImportTest, ATranscriptThatGrowsMeanwhileIsImportedAsItWas) {
  const std::string path = folder_ / "chat.jsonl";
  put(path, "{\"role\":\"assistant\",\"content\":\"We decided to deploy.\"}\n");
  GrowingFs growing(path);
  Services services{growing, clock_, random_};
  const auto report = import_sessions(services, {.path = path, .layout = layout_, .extract = true});
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_FALSE(report->files[0].failure) << report->files[0].failure->text();
  EXPECT_EQ(report->files[0].counts.turns, 1U);
  EXPECT_EQ(report->files[0].appended, 1U);
  EXPECT_EQ(count("events WHERE event_type LIKE '%agent_response%'"), 1);
  expect_accounted();
}

TEST_F(SessionImportTest, SessionsAreListedAndHeardAsTheyWereImported_AndNothingIsProposed) {
  const std::string path = folder_ / "chat.jsonl";
  put(path,
      "{\"role\":\"system\",\"content\":\"Be brief.\"}\n"
      "{\"role\":\"assistant\",\"content\":\"We decided to deploy.\"}\n");
  GrowingFs growing(path);
  Services services{growing, clock_, random_};
  const auto report = import_sessions(
      services, {.path = path, .layout = layout_, .extract = true, .list_sessions = true});
  ASSERT_TRUE(report.ok()) << report.error().text();
  const ImportedFile& file = report->files[0];
  ASSERT_FALSE(file.failure) << file.failure->text();
  ASSERT_THAT(file.sessions, SizeIs(1));
  EXPECT_EQ(file.sessions[0].heard.found(), 1U);
  EXPECT_EQ(count(cat("events WHERE trace_id = '", file.sessions[0].trace_id, "'")), 2);
  EXPECT_THAT(memories("candidate"), IsEmpty());
}

TEST_F(SessionImportTest, ARecordThatChangedIsTheSourceOfItsClaim) {
  const std::string path = folder_ / "mem0.json";
  put(path, "[{\"id\":\"1\",\"memory\":\"Ada likes tea\"}]");
  import({.path = path});
  put(path, "[{\"id\":\"1\",\"memory\":\"Ada likes coffee\"}]");
  const ImportedFile again = import({.path = path}).files[0];
  EXPECT_EQ(again.appended, 1U);
  EXPECT_EQ(again.proposals.proposed, 1U);
  const auto found = memories("candidate");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_NE(json::canonical(found[0].source_events), json::canonical(found[1].source_events));
}

TEST_F(SessionImportTest, AFolderBringsAllOfItsFiles_AndNamesTheOthers) {
  const std::string folder = folder_ / "in";
  ASSERT_TRUE(fs_.make_directory(folder, 0700).ok());
  for (const char* name :
       {"claude-code.jsonl", "chat.jsonl", "conversations.json", "dialogue.md", "history.log",
        "memory.jsonl", "mem0.json", "claude-mem.json", "note.md"}) {
    put(fs::join(folder, name), get(sample_path(name)));
  }
  put(fs::join(folder, "picture.bin"), "\x89PNG");
  const ImportReport report = import({.path = folder, .mark_user_lines = true});
  EXPECT_THAT(report.files, SizeIs(9));
  EXPECT_THAT(report.not_recognised, ElementsAre(fs::join(folder, "picture.bin")));
  expect_accounted();
}

TEST_F(SessionImportTest, ADryRunTellsAndWritesNothing) {
  const std::string before = get(log_);
  const ImportReport report = import({.path = sample_path("chat.jsonl"), .dry_run = true});
  EXPECT_EQ(report.files[0].counts.turns, 8U);
  EXPECT_EQ(report.files[0].user_lines_skipped, 2U);
  EXPECT_EQ(get(log_), before);
}

TEST_F(SessionImportTest, WhatCannotBeReadIsRefused) {
  const auto missing = import_sessions(services_, {.path = folder_ / "none", .layout = layout_});
  EXPECT_EQ(missing.error().code, Code::kPrecondition);
  put(folder_ / "x.bin", "\x01\x02");
  const auto unknown = import_sessions(services_, {.path = folder_ / "x.bin", .layout = layout_});
  EXPECT_EQ(unknown.error().code, Code::kUsage);
}

TEST_F(SessionImportTest, AnExportComesBackWithoutLoss_InBothForms) {
  const std::string claims[] = {"plain", "two\nlines --> and a \"quote\"",
                                "umlaut \u00fc \U0001F600"};
  for (const std::string& claim : claims) {
    ASSERT_TRUE(note(services_, layout_, {}, {.claim = claim, .domains = {"a-->b"}}).ok());
  }
  import({.path = sample_path("claude-code.jsonl"), .mark_user_lines = true, .extract = true});
  use_everything();
  const std::string lines = exported(ExportFormat::kJsonLines);
  for (const char* kind :
       {"trace", "episode", "memory", "contradiction", "principle", "doctrine", "use", "outcome",
        "outcome_report", "precedence", "decay_job", "decay_lease", "memory_supersession",
        "episode_supersession", "context_pack", "audit_record"}) {
    EXPECT_THAT(lines, HasSubstr(cat("{\"kind\":\"", kind, "\",\"row\":{"))) << kind;
  }
  EXPECT_THAT(lines, HasSubstr("\"valid_from\":\"2026-01-01T00:00:00+00:00\""));
  const std::string prose = exported(ExportFormat::kMarkdown);
  for (const std::string& text : {lines, prose}) {
    use_folder(folder_ / cat("taken-over-", text.size()));
    const std::string path = fs::join(live_, "export");
    put(path, text);
    const auto refused = import_sessions(services_, {.path = path, .layout = layout_});
    EXPECT_EQ(refused->files[0].failure->token, "session.import.as_is_required");
    const ImportReport taken = import({.path = path, .as_is = true});
    EXPECT_EQ(taken.files[0].taken_over->added.at("memory"), 10U);
    EXPECT_EQ(taken.files[0].taken_over->unlinked, 0U);
    EXPECT_EQ(exported(ExportFormat::kJsonLines), lines);
    EXPECT_EQ(exported(ExportFormat::kMarkdown), prose);
    const TakeOverReport again = *import({.path = path, .as_is = true}).files[0].taken_over;
    EXPECT_THAT(again.added, IsEmpty());
    EXPECT_EQ(again.known.at("memory"), 10U);
    EXPECT_EQ(again.known.at("use"), 1U);
    expect_accounted();
  }
}

// Foreign times are looked at before anything of their batch is recorded; what is another spelling
// of a time is kept as the store spells it.
TEST_F(SessionImportTest, AnExportWithTimesThatAreNone_IsRefusedByItsLine) {
  ASSERT_TRUE(note(services_, layout_, {},
                   {.claim = "plain",
                    .domains = {},
                    .valid_from = "2026-01-01T00:00:00Z",
                    .valid_until = "2026-02-01T00:00:00Z"})
                  .ok());
  const std::string good = exported(ExportFormat::kJsonLines);
  const std::string from = "\"valid_from\":\"2026-01-01T00:00:00+00:00\"";
  const std::string until = "\"valid_until\":\"2026-02-01T00:00:00+00:00\"";
  ASSERT_NE(good.find(from), std::string::npos);
  int tries = 0;
  const auto take_over = [&](const std::string& wrong, const std::string& what) {
    std::string text = good;
    text.replace(text.find(what), what.size(), wrong);
    use_folder(folder_ / cat("taken-", ++tries));
    const std::string path = fs::join(live_, "export");
    put(path, text);
    return import_sessions(services_, {.path = path, .layout = layout_, .as_is = true});
  };
  for (const char* wrong :
       {"\"valid_from\":\"yesterday\"", "\"valid_from\":\"2026-01-01\"", "\"valid_from\":7",
        "\"valid_from\":\"9999-12-31T23:59:59-01:00\"", "\"valid_from\":\"2026-02-01T00:00:00Z\"",
        "\"valid_from\":\"2026-03-01T00:00:00Z\""}) {
    const auto report = take_over(wrong, from);
    ASSERT_TRUE(report.ok()) << report.error().text();
    ASSERT_TRUE(report->files[0].failure) << wrong;
    EXPECT_EQ(report->files[0].failure->code, Code::kUsage);
    EXPECT_THAT(report->files[0].failure->message, HasSubstr("line 2 of the export is broken: "));
    EXPECT_EQ(get(log_), "");
  }
  const auto spelled = take_over("\"valid_until\":\"2026-02-01T02:00:00+02:00\"", until);
  ASSERT_TRUE(spelled.ok() && !spelled->files[0].failure);
  EXPECT_EQ(exported(ExportFormat::kJsonLines), good);
}

TEST_F(SessionImportTest, WhatStandsBeforeABrokenLine_IsTakenOver) {
  const auto noted = note(services_, layout_, {}, {.claim = "plain", .domains = {}});
  ASSERT_TRUE(noted.ok());
  const std::string good = exported(ExportFormat::kJsonLines);
  use_folder(folder_ / "taken");
  const std::string path = fs::join(live_, "export");
  put(path, cat(good, "{\"kind\":\"memory\",\"row\":7}\n"));
  const auto report = import_sessions(services_, {.path = path, .layout = layout_, .as_is = true});
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_TRUE(report->files[0].failure);
  EXPECT_EQ(report->files[0].failure->unchanged, "what stands before it was taken over");
  EXPECT_EQ(exported(ExportFormat::kJsonLines), good);
}

TEST_F(SessionImportTest, WhatAnAgentNoted_IsTakenOverAsItsWord) {
  ASSERT_TRUE(note(services_, layout_, {.caller = {.actor = "agent"}},
                   {.claim = "the shop counts cents", .domains = {}})
                  .ok());
  const std::string good = exported(ExportFormat::kJsonLines);
  EXPECT_THAT(good, HasSubstr("\"authority\":\"agent\""));
  use_folder(folder_ / "taken");
  const std::string path = fs::join(live_, "export");
  put(path, good);
  ASSERT_TRUE(import_sessions(services_, {.path = path, .layout = layout_, .as_is = true}).ok());
  EXPECT_EQ(exported(ExportFormat::kJsonLines), good);
}

// An outcome may name an event; where the ledger does not hold it, the rest is kept.
TEST_F(SessionImportTest, AnOutcomeWithoutItsEventIsTakenOverWithoutThatName) {
  const auto noted = note(services_, layout_, {}, {.claim = "plain", .domains = {}});
  ASSERT_TRUE(noted.ok());
  exec(
      cat("INSERT INTO outcome_memory_relations(outcome_ref, memory_id, relation, recorded_at,"
          " source_event_id) VALUES('o', '",
          noted->memory_id, "', 'used', '2026-01-01', '", noted->event_id, "')"));
  const std::string path = folder_ / "e.jsonl";
  put(path, exported(ExportFormat::kJsonLines));
  EXPECT_EQ(import({.path = path, .as_is = true}).files[0].taken_over->unlinked, 0U);
  exec("DELETE FROM outcome_memory_relations");
  EXPECT_EQ(import({.path = path, .as_is = true}).files[0].taken_over->unlinked, 0U);
  EXPECT_EQ(count("outcome_memory_relations WHERE source_event_id NOT NULL"), 1);

  use_folder(folder_ / "elsewhere");
  EXPECT_EQ(import({.path = path, .as_is = true}).files[0].taken_over->unlinked, 1U);
  EXPECT_EQ(count("outcome_memory_relations WHERE source_event_id IS NULL"), 1);
  expect_accounted();
}

// A foreign file may say of its own memories that they were accepted, not of ours.
TEST_F(SessionImportTest, AnAuditRecordOfWhatIsHereIsLeftOut) {
  ASSERT_TRUE(note(services_, layout_, {}, {.claim = "plain", .domains = {}}).ok());
  const std::string here = memories("active").front().id;
  const auto record = [](const std::string& id, const std::string& target) {
    return cat(R"({"kind":"audit_record","row":{"id":")", id,
               R"(","operation":"memory.accept","target_ref":")", target,
               R"(","before_hash":null,"after_hash":"h","reason":"r",)"
               R"("actor_json":"{\"kind\":\"cli\"}","source_refs_json":"[]","created_at":"t"}})",
               "\n");
  };
  const std::string path = folder_ / "e.jsonl";
  put(path, cat("{\"cortex_export\":1}\n", record("aud_1", here), record("aud_2", "mem_other")));
  const TakeOverReport taken = *import({.path = path, .as_is = true}).files[0].taken_over;
  EXPECT_EQ(taken.left_out, 1U);
  EXPECT_EQ(taken.added.at("audit_record"), 1U);
  EXPECT_EQ(count(cat("audit_records WHERE target_ref = '", here, "'")), 0);
  EXPECT_EQ(count("audit_records WHERE target_ref = 'mem_other'"), 1);
  expect_accounted();
}

// The records of a file come at its end: what its first half brought is not ours for that.
TEST_F(SessionImportTest, AnImportThatEndedHalfWayIsTakenUpAgain_WithItsAuditRecords) {
  for (const char* claim : {"plain", "touched here"}) {
    ASSERT_TRUE(note(services_, layout_, {}, {.claim = claim, .domains = {"a"}}).ok());
  }
  exec(
      "INSERT INTO principles VALUES('prn_1', 's', 'candidate', '[]', '[]', '[]', '[]', '[]', 0.5,"
      " 0, 1, '{}', 't', 't')");
  exec(
      "INSERT INTO audit_records SELECT 'aud_' || id, 'memory.accept', id, NULL, 'h', 'r', '{}',"
      " '[]', 't' FROM (SELECT id FROM memories UNION SELECT id FROM principles)");
  const std::string whole = exported(ExportFormat::kJsonLines);
  const std::string touched = [&] {
    sqlite::Connection db = connect();
    return db.query_text("SELECT id FROM memories WHERE claim = 'touched here'").value();
  }();
  use_folder(folder_ / "elsewhere");
  const std::string path = fs::join(live_, "export");
  put(path, whole.substr(0, whole.find("{\"kind\":\"audit_record\"")));
  EXPECT_EQ(import({.path = path, .as_is = true}).files[0].taken_over->added.at("memory"), 2U);
  const auto outcome = record_outcome(
      services_, layout_, {},
      {.memory_id = touched, .session = "s", .result = "helpful", .note = std::nullopt});
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();

  put(path, whole);
  const TakeOverReport taken = *import({.path = path, .as_is = true}).files[0].taken_over;
  EXPECT_EQ(taken.added.at("audit_record"), 2U);
  EXPECT_EQ(taken.left_out, 1U);
  EXPECT_EQ(count(cat("audit_records WHERE id = 'aud_", touched, "'")), 0);
  EXPECT_EQ(count("audit_records WHERE id = 'aud_prn_1'"), 1);
  expect_accounted();
}

TEST_F(SessionImportTest, LargeRowsOfAnExportAreTakenOverInSmallerBatches) {
  ASSERT_TRUE(note(services_, layout_, {}, {.claim = "plain", .domains = {"a"}}).ok());
  const std::string line = exported(ExportFormat::kJsonLines);
  const std::string id = memories("active").front().id;
  std::string text = "{\"cortex_export\":1}\n";
  for (const char last : {'A', 'B', 'C'}) {
    std::string row = line.substr(line.find("{\"kind\":\"memory\""));
    row.resize(row.find('\n') + 1);
    row.replace(row.find(id) + id.size() - 1, 1, 1, last);
    row.replace(row.find("plain"), 5, 7U << 20U, 'x');
    text += row;
  }
  put(folder_ / "e.jsonl", text);
  const ImportReport taken = import({.path = folder_ / "e.jsonl", .as_is = true});
  EXPECT_EQ(taken.files[0].taken_over->added.at("memory"), 3U);
  EXPECT_EQ(count("events WHERE payload_json LIKE '%import.rows%'"), 2);
  expect_accounted();
}

TEST_F(SessionImportTest, ABrokenExportIsRefusedAtItsLine) {
  put(folder_ / "e.jsonl", "{\"cortex_export\":1}\n{\"kind\":\"memory\",\"row\":{}}\n");
  const auto report =
      import_sessions(services_, {.path = folder_ / "e.jsonl", .layout = layout_, .as_is = true});
  ASSERT_TRUE(report->files[0].failure);
  EXPECT_THAT(report->files[0].failure->message, HasSubstr("line 2"));
}

}  // namespace
}  // namespace cortex::app
