// Error and Result: how every function below main() reports failure.
//
// An Error says what happened, what was left unchanged and what to do next, in that order, because
// those are the three things a person needs. `token` is the stable machine string that callers
// match on (an "invariant" of the specification); it may be empty. `Code` decides the exit status
// in one place, cli/exit.cc.
//
// The base room lives in the root namespace `cortex`, so that Result reads as itself in every room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace cortex {

// Exit classes of the product. The numbers are the process exit codes (docs/formats.md, "Exit
// codes").
enum class Code : std::uint8_t {
  kOk = 0,
  kUsage = 2,         // bad invocation, session file that does not parse
  kIntegrity = 3,     // rows are there but wrong
  kSchema = 4,        // store or ledger schema precondition
  kQuarantined = 5,   // an artifact was examined and rejected
  kChain = 6,         // a ledger line does not decode
  kPrecondition = 7,  // missing path, permission, refused policy
  kInternal = 64,     // everything unexpected
};

struct Error {
  Code code = Code::kInternal;
  std::string token{};      // machine token, or empty
  std::string message{};    // what happened, one sentence without a final full stop
  std::string unchanged{};  // what was left as it was, e.g. "no state was changed"
  std::string next{};       // what to do next, e.g. "run `cortex init` first"
  int system_errno = 0;     // errno when the operating system refused, else 0

  // All parts as one line: "message; unchanged. Next: next."
  std::string text() const;
};

inline Error make_error(Code code, std::string message) {
  Error e;
  e.code = code;
  e.message = std::move(message);
  return e;
}

inline Error make_error(Code code, std::string message, std::string unchanged, std::string next,
                        std::string_view token = {}) {
  Error e = make_error(code, std::move(message));
  e.token = token;
  e.unchanged = std::move(unchanged);
  e.next = std::move(next);
  return e;
}

// Value or Error. Like std::expected<T, Error>, but [[nodiscard]] as a type. Reading the wrong side
// aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  // By value, so that `for (auto& x : f().value())` does not dangle.
  T value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error& error() & { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }

  const Error& error() const& { return error_.value(); }
  Error& error() & { return error_.value(); }
  Error&& error() && { return std::move(error_).value(); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

// Each returns the error with that part of it replaced: a room that knows what the failure means to
// its caller says so without losing what the lower room said.
Error with_code(Error error, Code code);
Error with_token(Error error, std::string_view token);
Error with_context(Error error, std::string_view context);  // "context: message"

}  // namespace cortex

#define CORTEX_CONCAT_(a, b) a##b
#define CORTEX_CONCAT(a, b) CORTEX_CONCAT_(a, b)

// Returns from the enclosing function when `expr` (a Result) failed.
#define CORTEX_TRY(expr)                                            \
  do {                                                              \
    if (auto cortex_try_result = (expr); !cortex_try_result.ok()) { \
      return std::move(cortex_try_result).error();                  \
    }                                                               \
  } while (false)

// CORTEX_ASSIGN(auto x, f()): x = value of f(), or return its error.
#define CORTEX_ASSIGN(lhs, expr) CORTEX_ASSIGN_(CORTEX_CONCAT(cortex_assign_, __LINE__), lhs, expr)
#define CORTEX_ASSIGN_(tmp, lhs, expr)          \
  auto tmp = (expr);                            \
  if (!tmp.ok()) return std::move(tmp).error(); \
  lhs = std::move(tmp).value()
