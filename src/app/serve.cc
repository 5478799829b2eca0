#include "app/serve.h"

#include <utility>

#include "app/open_store.h"
#include "base/text.h"
#include "store/migrations.h"
#include "store/open.h"

namespace cortex::app {
namespace {

Error failed_to(std::string_view what, Error error) {
  error = with_context(std::move(error), what);
  error.unchanged = "no state was changed";
  return with_code(std::move(error), Code::kInternal);
}

}  // namespace

Status prepare_store(Services& services, const Layout& layout) {
  CORTEX_TRY(require_store(services, layout));
  std::size_t pending = 0;
  bool is_new = false;
  const auto look = [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(const std::int64_t objects, db.query_int("SELECT count(*) FROM sqlite_schema"));
    CORTEX_ASSIGN(const auto names, store::pending(db));
    is_new = objects == 0;
    pending = names.size();
    return {};
  };
  if (auto seen = store::inspect(services.fs, layout.db_path, look); !seen.ok()) {
    return failed_to("failed to open database", std::move(seen).error());
  }
  if (pending == 0) return {};
  if (!is_new) {
    return make_error(
        Code::kSchema,
        cat("the store ", quoted(layout.db_path), " lacks ", counted(pending, "migration")),
        "no state was changed", "make a backup, then run `cortex doctor --repair`");
  }
  auto opened = open_store(services, layout);
  if (!opened.ok()) return failed_to("failed to apply migrations", std::move(opened).error());
  return {};
}

}  // namespace cortex::app
