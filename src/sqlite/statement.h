// A prepared statement: bind, step, read columns, reset.
//
// Parameters count from 1, columns from 0, as in SQLite. Owned by one thread at a time, together
// with its connection. A statement must not be used after its connection is gone. Bound text and
// blobs are copied.
//
//   CORTEX_ASSIGN(auto find, connection.prepare("SELECT name FROM t WHERE id = ?1"));
//   CORTEX_TRY(find.bind_all(id));
//   CORTEX_ASSIGN(const bool found, find.step());
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cortex::sqlite {

class Statement {
 public:
  Status bind(int index, std::int64_t value);
  Status bind(int index, double value);
  Status bind(int index, std::string_view text);
  Status bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Status bind(int index, std::span<const std::byte> blob);
  Status bind(int index, std::nullptr_t);
  // Any other integer. Unsigned values above 2^63 - 1 are not representable and fail.
  template <std::integral T>
    requires(!std::same_as<T, std::int64_t> && !std::same_as<T, bool> && !std::same_as<T, char>)
  Status bind(int index, T value) {
    if (!std::in_range<std::int64_t>(value)) return out_of_range(index);
    return bind(index, static_cast<std::int64_t>(value));
  }
  // NULL when there is no value.
  template <class T>
  Status bind(int index, const std::optional<T>& value) {
    return value.has_value() ? bind(index, *value) : bind(index, nullptr);
  }
  // Binds parameters 1, 2, ... in order.
  template <class... Args>
  Status bind_all(const Args&... args) {
    Status status;
    int index = 0;
    (void)((status = bind(++index, args), status.ok()) && ...);
    return status;
  }

  // True: a row is there. False: done; reset() before the next use.
  Result<bool> step();
  // Steps to the end, dropping rows, and resets: for statements run for their effect.
  Status run();
  // Makes the statement ready to run again; bindings stay. Never fails: a failure of the last step
  // was reported by step().
  void reset();

  enum class ColumnType : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };

  int column_count() const;
  ColumnType column_type(int column) const;
  bool is_null(int column) const;
  std::int64_t column_int(int column) const;
  double column_double(int column) const;
  // Valid until the next step() or reset(). NULL reads as empty.
  std::string_view column_text(int column) const;
  std::span<const std::byte> column_blob(int column) const;

 private:
  friend class Connection;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };

  explicit Statement(sqlite3_stmt* statement) : handle_(statement) {}
  Status checked(int result_code, std::string_view action) const;
  static Status out_of_range(int index);

  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

}  // namespace cortex::sqlite
