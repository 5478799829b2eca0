#include "app/break_glass.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace cortex::app {
namespace {

constexpr std::string_view kReasons[] = {"incident_response", "restore_recovery",
                                         "operator_correction", "data_migration",
                                         "diagnostic_only"};
constexpr std::string_view kOnlyReason = "diagnostic_only";

Error glass_unusable(std::string_view what) {
  return make_error(
      Code::kUsage, cat("--break-glass ", what), "nothing was asked or recorded",
      "give {permitted, attested, scope{operation_type, artifact_refs}, reason_code}");
}

Error glass_refused(std::string_view what) {
  return make_error(Code::kPrecondition, cat("the break-glass authorisation ", what),
                    "nothing was asked or recorded", "have it made out anew");
}

struct Scope {
  std::string operation_type;
  json::Array artifact_refs;
  std::optional<std::string> not_before, not_after;
  std::optional<Timestamp> begin, end;
};

Status read_time(const json::Value& scope, std::string_view name, std::optional<std::string>& text,
                 std::optional<Timestamp>& time) {
  const json::Value* found = scope.find(name);
  if (found == nullptr || found->is_null()) return {};
  if (found->as_string() == nullptr)
    return glass_unusable(cat("has a `", name, "` that is no time"));
  text = *found->as_string();
  time = parse_relaxed_rfc3339(*text);
  if (!time) return glass_unusable(cat("has a `", name, "` that is no time"));
  return {};
}

Result<Scope> read_scope(const json::Value& document) {
  const json::Value* scope = document.find("scope");
  const std::string* type = scope == nullptr ? nullptr : scope->find_text("operation_type");
  const json::Value* refs = scope == nullptr ? nullptr : scope->find("artifact_refs");
  if (type == nullptr || refs == nullptr || refs->as_array() == nullptr) {
    return glass_unusable("needs a scope with operation_type and artifact_refs");
  }
  Scope out{*type, *refs->as_array(), {}, {}, {}, {}};
  for (const json::Value& ref : out.artifact_refs) {
    if (ref.as_string() == nullptr) return glass_unusable("has an artifact ref that is no string");
  }
  CORTEX_TRY(read_time(*scope, "not_before", out.not_before, out.begin));
  CORTEX_TRY(read_time(*scope, "not_after", out.not_after, out.end));
  return out;
}

bool is_bound(const Scope& scope) {
  const bool refs = !scope.artifact_refs.empty() &&
                    std::ranges::none_of(scope.artifact_refs, [](const json::Value& ref) {
                      return is_blank(*ref.as_string());
                    });
  const bool window = !scope.begin || !scope.end || *scope.begin <= *scope.end;
  return !is_blank(scope.operation_type) && refs && window;
}

json::Value document_of(const Scope& scope, const trust::BreakGlass& flags) {
  json::Object out{{"attested", flags.attested},
                   {"permitted", flags.permitted},
                   {"reason_code", kOnlyReason},
                   {"scope", json::Object{{"artifact_refs", scope.artifact_refs},
                                          {"not_after", json::or_null(scope.not_after)},
                                          {"not_before", json::or_null(scope.not_before)},
                                          {"operation_type", scope.operation_type}}}};
  if (scope.not_after) out.add("expires_at", *scope.not_after);
  return json::sorted(std::move(out));
}

}  // namespace

Result<BreakGlassOrder> read_break_glass(std::string_view text, Timestamp now) {
  const auto document = json::parse(text);
  if (!document.ok()) return glass_unusable(cat("is no JSON: ", document.error().message));
  const json::Value* permitted = document->find("permitted");
  const json::Value* attested = document->find("attested");
  if (permitted == nullptr || permitted->as_bool() == nullptr || attested == nullptr ||
      attested->as_bool() == nullptr) {
    return glass_unusable("needs permitted and attested, each true or false");
  }
  CORTEX_ASSIGN(const Scope scope, read_scope(*document));
  const std::string* reason = document->find_text("reason_code");
  if (reason == nullptr || std::ranges::find(kReasons, *reason) == std::end(kReasons)) {
    return glass_unusable("needs a reason_code that is known");
  }
  if (*reason != kOnlyReason) {
    return glass_unusable(cat("may only be used for `", kOnlyReason, "`, not for `", *reason, "`"));
  }
  BreakGlassOrder out;
  out.flags = {*permitted->as_bool(), *attested->as_bool(), is_bound(scope)};
  if (!out.flags.valid())
    return glass_refused("is not permitted, not attested or bound to nothing");
  if (scope.begin && now < *scope.begin) return glass_refused("does not hold yet");
  if (scope.end && now > *scope.end) return glass_refused("has expired");
  out.document = document_of(scope, out.flags);
  return out;
}

}  // namespace cortex::app
