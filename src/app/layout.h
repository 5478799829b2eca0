// Where the data is: the folder, the store and the ledger, from flags and environment. Nothing is
// opened or created.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cortex::app {

// The process environment as a value, so that use cases and tests see the same thing.
struct Environment {
  std::map<std::string, std::string> vars;
  std::string home_from_user_database;  // used when HOME is unset or empty; may be ""
  long process_id = 0;

  // The value, or nullopt when unset or empty: the formats treat both alike.
  std::optional<std::string> get(std::string_view name) const;
  std::optional<std::string> home() const;
};

struct Layout {
  std::string data_dir;
  std::string db_path;
  std::string event_log_path;
  // Settings that reference 0.1.2 ignores and that named a path here ("CORTEX_DB_PATH"), or empty.
  std::string set_by{};
  // Seed whose key signs every row that is appended (row_signing.h); absent: rows are not signed.
  std::optional<std::string> signing_seed{};
  // Folder of the static vectors that `recall` compares (retrieval/static_model.h); absent: none.
  std::optional<std::string> vectors{};

  friend bool operator==(const Layout&, const Layout&) = default;
};

// CORTEX_DATA_DIR as it is, else XDG_DATA_HOME/cortex, else <home>/.local/share/cortex. Error:
// kPrecondition when the environment names none of them.
Result<std::string> default_data_dir(const Environment& environment);

// `db` and `event_log` are what --db and --event-log said. The data folder is the folder of `db`,
// else of `event_log`, else the default one; a path without a folder part has no folder. What was
// not given lies in the data folder, under its usual name. Relative paths stay relative.
Result<Layout> resolve_layout(const Environment& environment, std::optional<std::string> db,
                              std::optional<std::string> event_log);

// The layout below a known data folder.
Layout layout_in(std::string data_dir);

}  // namespace cortex::app
