#include "store/operation.h"

#include <gmock/gmock.h>

#include "ledger/chain.h"
#include "ledger/ledger_fixture.h"
#include "sqlite/failure.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/no_operations.h"
#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::HasSubstr;

// "put" stores a text, "fail" stores one and fails, anything else is unknown.
class Notes final : public Projector {
 public:
  Result<bool> apply(sqlite::Connection& db, const OperationRow& row) override {
    if (row.name != "put" && row.name != "fail") return false;
    CORTEX_ASSIGN(const std::string text, row.text_arg("text"));
    CORTEX_ASSIGN(auto insert, db.prepare("INSERT INTO notes(text) VALUES(?1)"));
    CORTEX_TRY(insert.bind_all(text));
    CORTEX_TRY(insert.run());
    if (row.name == "fail") return make_error(Code::kIntegrity, "the note does not fit");
    return true;
  }
};

class OperationTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    exec("CREATE TABLE notes(text)");
  }
  static core::Event note(std::string name, std::string text, Caller caller = {}) {
    core::Event event;
    event.id.low = 7;
    event.session_id = caller.session;
    event.payload = operation_payload({std::move(name), {{"text", std::move(text)}}}, caller);
    ledger::seal(event, std::nullopt);
    return event;
  }
  void mirror(const core::Event& event, Projector& projector) {
    auto transaction =
        sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate).value();
    ledger::TextFile file(ledger::row_text(event));
    auto writer = catch_up(db_, file, file.text.size(), system_clock(), projector);
    ASSERT_TRUE(writer.ok()) << writer.error().text();
    ASSERT_TRUE(writer->finish().ok());
    ASSERT_TRUE(transaction.commit().ok());
  }
  std::string notes() {
    return db_.query_text("SELECT coalesce(group_concat(text), '') FROM notes").value();
  }
  std::string outcome() {
    return db_
        .query_text(
            "SELECT coalesce(group_concat(outcome || ' ' || detail), '')"
            " FROM cortex_operations")
        .value();
  }

  Notes projector_;
};

TEST_F(OperationTest, PayloadAndRow_SayTheSame) {
  const core::Event event =
      note("put", "a", {.actor = "agent", .client = "c 1", .session = "s", .reason = "why"});
  EXPECT_EQ(event.payload,
            R"({"actor":"agent","args":{"text":"a"},"client":"c 1","cortex_operation":"put",)"
            R"("reason":"why","session":"s","v":1})");
  ASSERT_TRUE(looks_like_operation(event, event.payload));
  const auto row = decode_operation(event, event.payload);
  ASSERT_TRUE(row.ok() && row->has_value());
  EXPECT_EQ((*row)->name, "put");
  EXPECT_EQ((*row)->caller.actor, "agent");
  EXPECT_EQ((*row)->caller.client, "c 1");
  EXPECT_EQ((*row)->caller.session, "s");
  EXPECT_EQ((*row)->caller.reason, "why");
  EXPECT_EQ((*row)->text_arg("text").value(), "a");
  EXPECT_FALSE((*row)->text_arg("nothing").ok());
}

TEST_F(OperationTest, OtherRows_AreNone) {
  core::Event event = note("put", "a");
  EXPECT_FALSE(decode_operation(event, R"({"x":{"cortex_operation":"put"}})")->has_value());
  EXPECT_TRUE(looks_like_operation(event, R"({"cortex\u005foperation":"put"})"));
  EXPECT_FALSE(looks_like_operation(event, R"({"x":1})"));
  event.source.type = core::SourceType::kTool;
  EXPECT_FALSE(looks_like_operation(event, event.payload));
}

TEST_F(OperationTest, BrokenPayloads_AreErrors) {
  const core::Event event = note("put", "a");
  for (const char* payload :
       {R"({"cortex_operation":1,"v":1,"args":{}})", R"({"cortex_operation":"put","args":{}})",
        R"({"cortex_operation":"put","v":2,"args":{}})",
        R"({"cortex_operation":"put","v":1,"args":[]})"}) {
    const auto row = decode_operation(event, payload);
    ASSERT_FALSE(row.ok()) << payload;
    EXPECT_EQ(row.error().code, Code::kIntegrity);
  }
}

TEST_F(OperationTest, MirroredRow_IsAppliedOnce) {
  const core::Event event = note("put", "a");
  mirror(event, projector_);
  EXPECT_EQ(notes(), "a");
  EXPECT_EQ(outcome(), "applied ");
  exec("DELETE FROM cortex_mirror");  // the whole ledger is gone through again
  mirror(event, projector_);
  EXPECT_EQ(notes(), "a");
}

TEST_F(OperationTest, RowMirroredByAnotherProgram_IsStillApplied) {
  const core::Event event = note("put", "a");
  mirror(event, projector_);
  exec("DELETE FROM cortex_operations; DELETE FROM notes; DELETE FROM cortex_mirror");
  mirror(event, projector_);
  EXPECT_EQ(notes(), "a");
}

TEST_F(OperationTest, FailedOperation_IsUndoneAndTheMirrorGoesOn) {
  mirror(note("fail", "a"), projector_);
  EXPECT_EQ(notes(), "");
  EXPECT_THAT(outcome(), HasSubstr("failed the note does not fit"));
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM events").value(), 1);
}

// As a full disk or an interruption fails it.
class Hindered final : public Projector {
 public:
  explicit Hindered(sqlite::Failure failure) : failure_(failure) {}
  Result<bool> apply(sqlite::Connection& db, const OperationRow&) override {
    CORTEX_TRY(db.exec("INSERT INTO notes(text) VALUES('half')"));
    Error error = make_error(Code::kInternal, "the disk is full");
    error.token = sqlite::token_of(failure_);
    return error;
  }

 private:
  sqlite::Failure failure_;
};

TEST_F(OperationTest, OperationThatTheDiskHindered_IsNotAFailedOne) {
  const core::Event event = note("put", "a");
  ledger::TextFile file(ledger::row_text(event));
  for (const auto failure : {sqlite::Failure::kFull, sqlite::Failure::kInputOutput,
                             sqlite::Failure::kInterrupted, sqlite::Failure::kCannotOpen}) {
    Hindered hindered(failure);
    auto transaction =
        sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate).value();
    const auto writer = catch_up(db_, file, file.text.size(), system_clock(), hindered);
    ASSERT_FALSE(writer.ok());
    EXPECT_EQ(writer.error().message, "the disk is full");
    EXPECT_EQ(notes(), "");
    EXPECT_EQ(outcome(), "");
  }
  mirror(event, projector_);
  EXPECT_EQ(notes(), "a");
  EXPECT_EQ(outcome(), "applied ");
}

TEST_F(OperationTest, UnknownOperation_WaitsForAProgramThatKnowsIt) {
  const core::Event event = note("put", "a");
  mirror(event, no_operations());
  EXPECT_THAT(outcome(), HasSubstr("unknown"));
  exec("DELETE FROM cortex_mirror");
  mirror(event, projector_);
  EXPECT_EQ(notes(), "a");
  EXPECT_EQ(outcome(), "applied ");
}

TEST_F(OperationTest, NewOperation_FailsWithTheErrorOfItsRule) {
  const core::Event event = note("fail", "a");
  const auto row = decode_operation(event, event.payload);
  auto transaction = sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate);
  const Status status = project_new(db_, projector_, **row);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "the note does not fit");
  EXPECT_EQ(project_new(db_, no_operations(), **row).error().code, Code::kInternal);
}

}  // namespace
}  // namespace cortex::store
