#include "app/search_index.h"

#include "base/text.h"
#include "retrieval/index_check.h"
#include "retrieval/index_schema.h"
#include "retrieval/index_writer.h"
#include "retrieval/vector_index.h"
#include "sqlite/transaction.h"

namespace cortex::app {
namespace {

std::string lagging(const Error& error) {
  return cat("the search index was not brought up to date: ", error.message);
}

}  // namespace

std::string keep_index(sqlite::Connection& db) {
  if (const Status begun = db.exec("SAVEPOINT cortex_recall"); !begun.ok()) {
    return lagging(begun.error());
  }
  const auto updated = retrieval::update_index(db);
  const Status ended = db.exec(updated.ok() ? "RELEASE cortex_recall"
                                            : "ROLLBACK TO cortex_recall; RELEASE cortex_recall");
  if (!updated.ok()) return lagging(updated.error());
  return ended.ok() ? std::string() : lagging(ended.error());
}

IndexKept catch_index_up(sqlite::Connection& db) {
  const auto backlog = retrieval::read_backlog(db);
  if (!backlog.ok()) return {false, lagging(backlog.error())};
  if (!backlog->any()) return {};
  auto transaction = sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate);
  if (!transaction.ok()) return {false, lagging(transaction.error())};
  const auto updated = retrieval::update_index(db);
  if (!updated.ok()) return {false, lagging(updated.error())};
  if (const Status committed = transaction->commit(); !committed.ok()) {
    return {false, lagging(committed.error())};
  }
  return {updated->rebuilt, ""};
}

std::string catch_vectors_up(sqlite::Connection& db, retrieval::StaticModel& model) {
  const auto behind = [](const Error& error) {
    return cat("the vectors were not brought up to date: ", error.message);
  };
  const auto lag = retrieval::vectors_lag(db, model);
  if (!lag.ok()) return behind(lag.error());
  if (!*lag) return {};
  auto transaction = sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate);
  if (!transaction.ok()) return behind(transaction.error());
  const auto made = retrieval::update_vectors(db, model);
  if (!made.ok()) return behind(made.error());
  const Status committed = transaction->commit();
  return committed.ok() ? std::string() : behind(committed.error());
}

Result<std::string> mend_index(sqlite::Connection& db) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(const std::string problem, retrieval::check_index(db));
  if (problem.empty()) return std::string("in order");
  CORTEX_TRY(retrieval::rebuild_index(db));
  CORTEX_TRY(transaction.commit());
  return cat("built anew: ", problem);
}

}  // namespace cortex::app
