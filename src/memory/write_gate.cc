#include "memory/write_gate.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "core/ids.h"
#include "memory/detectors.h"
#include "store/memories.h"

namespace cortex::memory {
namespace {

constexpr std::array<std::string_view, 4> kActions = {"off", "report", "redact", "refuse"};

bool is_word(char c) { return is_in(Alphabet::kWord, c); }

bool begins_here(std::string_view text, std::size_t at) {
  return at == 0 || !is_word(text[at - 1]) || !is_word(text[at]);
}

bool ends_here(std::string_view text, std::size_t end) {
  return end >= text.size() || !is_word(text[end - 1]) || !is_word(text[end]);
}

bool is_gap(char c) {
  return c == ' ' || c == '\t' || c == ':' || c == '=' || c == '"' || c == '\'' || c == '>';
}

// Bytes between the literal and the value; a value that follows without any is none.
std::size_t gap_after(std::string_view text, std::size_t at) {
  constexpr std::size_t kGapMost = 8;
  std::size_t i = at;
  while (i < text.size() && i - at < kGapMost && is_gap(text[i])) ++i;
  return i - at;
}

// The length of the token that begins with the literal at `at`, or 0.
std::size_t match_token(const TokenDetector& row, std::string_view text, std::size_t at) {
  std::size_t body = at + row.literal.size();
  if (row.gap) {
    const std::size_t gap = gap_after(text, body);
    if (gap == 0) return 0;
    const std::string_view between = text.substr(body, gap);
    // "password reset" is no password: a value is assigned, or follows a header's name.
    if (row.literal.find(':') == std::string_view::npos &&
        between.find_first_of(":=") == std::string_view::npos) {
      return 0;
    }
    body += gap;
  }
  std::size_t end = body;
  while (end < text.size() && end - body <= row.most && is_in(row.alphabet, text[end])) ++end;
  if (end - body < row.least || end - body > row.most) return 0;
  return end - at;
}

GateAction action_of(std::string_view kind, GateAction own, const GatePolicy& policy) {
  const auto& wanted = kind == "secret" ? policy.secrets : policy.personal;
  return wanted.value_or(own);
}

// Every place of every literal. One search a row: linear, and fast where nothing is found.
void find_tokens(std::string_view text, std::string_view lower, const GatePolicy& policy,
                 std::vector<Finding>& findings) {
  for (const TokenDetector& row : token_detectors()) {
    const GateAction action = action_of("secret", row.action, policy);
    if (action == GateAction::kOff) continue;
    const std::string literal = row.gap ? to_lower_ascii(row.literal) : std::string(row.literal);
    const std::string_view searched = row.gap ? lower : text;
    for (std::size_t at = searched.find(literal); at != std::string_view::npos;
         at = searched.find(literal, at + 1)) {
      if (!row.gap && !begins_here(text, at)) continue;
      const std::size_t length = match_token(row, text, at);
      if (length == 0 || !ends_here(text, at + length)) continue;
      findings.push_back({std::string(row.name), "secret", action, at, length});
      at += length - 1;
    }
  }
}

void find_shapes(std::string_view text, const GatePolicy& policy, std::vector<Finding>& findings) {
  for (const ShapeDetector& row : shape_detectors()) {
    const GateAction action = action_of(row.kind, row.action, policy);
    if (action == GateAction::kOff) continue;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (!begins_here(text, at)) continue;
      const std::size_t length = row.match(text, at);
      if (length == 0 || !ends_here(text, at + length)) continue;
      findings.push_back({std::string(row.name), std::string(row.kind), action, at, length});
      at += length - 1;
    }
  }
}

// Of findings that overlap the first stays, at one place the longest.
void keep_apart(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    return a.start != b.start ? a.start < b.start : a.length > b.length;
  });
  std::size_t end = 0;
  std::erase_if(findings, [&end](const Finding& one) {
    if (one.start < end) return true;
    end = one.start + one.length;
    return false;
  });
}

std::string redacted(std::string_view text, const std::vector<Finding>& findings) {
  std::string out;
  std::size_t at = 0;
  for (const Finding& one : findings) {
    if (one.action != GateAction::kRedact) continue;
    out += text.substr(at, one.start - at);
    out += cat("[redacted:", one.detector, "]");
    at = one.start + one.length;
  }
  return out += text.substr(at);
}

// Ids of the kind that the text names, each once.
std::vector<std::string> ids_in(std::string_view text, core::IdKind kind) {
  const std::string prefix = cat(core::prefix_of(kind), "_");
  const std::size_t size = prefix.size() + Ulid::kTextSize;
  std::vector<std::string> ids;
  for (std::size_t at = text.find(prefix); at != std::string_view::npos;
       at = text.find(prefix, at + 1)) {
    const auto id = core::parse_id(kind, text.substr(at, size));
    if (id) ids.push_back(core::id_text(kind, *id));
  }
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

// Member names that together stand in a context pack and nowhere else.
constexpr std::string_view kPackMarks[] = {"context_pack_id", "selected_refs", "selection_audit",
                                           "redaction_policy"};

Error recalled(std::string what) {
  Error error = make_error(Code::kPrecondition, cat("the text was recalled from memory: ", what));
  error.token = "memory.write_gate.recalled_text";
  error.unchanged = "nothing was written";
  error.next = "note what is new in your own words, or record an outcome of the memory";
  return error;
}

}  // namespace

std::string_view gate_action_token(GateAction action) {
  return kActions.at(static_cast<std::size_t>(action));
}

std::optional<GateAction> parse_gate_action(std::string_view token) {
  const auto* found = std::ranges::find(kActions, token);
  if (found == kActions.end()) return std::nullopt;
  return static_cast<GateAction>(found - kActions.begin());
}

Result<Screened> screen(std::string_view text, const GatePolicy& policy) {
  Screened out;
  find_tokens(text, to_lower_ascii(text), policy, out.findings);
  find_shapes(text, policy, out.findings);
  keep_apart(out.findings);
  for (const Finding& one : out.findings) {
    if (one.action != GateAction::kRefuse) continue;
    Error error =
        make_error(Code::kPrecondition, cat("the text holds a ", one.kind, " (", one.detector, ", ",
                                            one.length, " bytes at ", one.start, ")"));
    error.token = cat("memory.write_gate.", one.detector);
    error.unchanged = "nothing was written";
    error.next = "take it out of the text, or change [memory.write_gate] in config.toml";
    return error;
  }
  out.text = redacted(text, out.findings);
  return out;
}

Status refuse_recalled(sqlite::Connection& db, std::string_view text, const GatePolicy& policy) {
  if (policy.recalled == GateAction::kOff) return {};
  std::size_t marks = 0;
  for (const std::string_view mark : kPackMarks) marks += text.find(mark) != text.npos ? 1U : 0U;
  if (marks >= 2) return recalled("it holds parts of a context pack");
  // Shorter claims may well be quoted in a sentence of one's own.
  constexpr std::size_t kQuoteLeast = 24;
  const std::vector<std::string> ids = ids_in(text, core::IdKind::kMemory);
  if (ids.empty()) return {};
  std::string quoted_id;
  const auto look = [&](const store::Memory& memory) -> Status {
    if (memory.claim.size() >= kQuoteLeast && text.find(memory.claim) != text.npos) {
      quoted_id = memory.id;
    }
    return {};
  };
  CORTEX_TRY(store::each_memory(db, {.ids = ids}, look));
  if (quoted_id.empty()) return {};
  return recalled(cat("it quotes ", quoted_id));
}

json::Value to_json(const std::vector<Finding>& findings) {
  json::Array out;
  for (const Finding& one : findings) {
    out.emplace_back(json::Object{{"action", gate_action_token(one.action)},
                                  {"detector", one.detector},
                                  {"kind", one.kind},
                                  {"length", one.length},
                                  {"start", one.start}});
  }
  return out;
}

}  // namespace cortex::memory
