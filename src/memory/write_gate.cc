#include "memory/write_gate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <utility>

#include "base/text.h"
#include "core/ids.h"
#include "memory/detectors.h"
#include "store/memories.h"

namespace cortex::memory {
namespace {

constexpr std::array<std::string_view, 4> kActions = {"off", "report", "redact", "refuse"};

const FirstByte& first_byte(const FirstBytes& index, char c) {
  return index.bytes[static_cast<unsigned char>(c)];
}

// No word goes on over it.
bool is_border(const FirstBytes& index, std::string_view text, std::size_t at) {
  return at == 0 || at >= text.size() || !first_byte(index, text[at - 1]).is_word ||
         !first_byte(index, text[at]).is_word;
}

bool is_gap(char c) {
  return c == ' ' || c == '\t' || c == ':' || c == '=' || c == '"' || c == '\'' || c == '>' ||
         c == '\\';
}

// Bytes between the literal and the value; a value that follows without any is none.
std::size_t gap_after(std::string_view text, std::size_t at) {
  constexpr std::size_t kGapMost = 8;
  std::size_t i = at;
  while (i < text.size() && i - at < kGapMost && is_gap(text[i])) ++i;
  return i - at;
}

// Bytes between the name of a header and its value: a gap, with a bracket that closes or a comma
// after a quoted name. 0 when nothing assigns: "authorization, bearer" is running text.
std::size_t header_gap_after(std::string_view text, std::size_t at) {
  constexpr std::size_t kGapMost = 16;  // of text that was escaped twice
  std::size_t i = at;
  while (i < text.size() && i - at < kGapMost &&
         (is_gap(text[i]) || text[i] == ',' || text[i] == ']')) {
    ++i;
  }
  const std::string_view between = text.substr(at, i - at);
  const std::size_t quote = between.find_first_of("\"'");
  const bool assigns =
      between.find_first_of(":=") != std::string_view::npos ||
      (quote != std::string_view::npos && between.find(',', quote) != std::string_view::npos);
  return assigns ? i - at : 0;
}

bool starts_in_any_case(std::string_view text, std::string_view start) {
  constexpr auto kLower = [](char c) { return to_lower_ascii(c); };
  return text.size() >= start.size() &&
         std::ranges::equal(text.substr(0, start.size()), start, {}, kLower, kLower);
}

// The bytes that the literal takes up at `at`, or 0 when it does not stand there.
std::size_t literal_at(const TokenDetector& row, std::string_view text, std::size_t at) {
  const std::string_view there = text.substr(at);
  if (!row.gap) return there.starts_with(row.literal) ? row.literal.size() : 0;
  constexpr std::string_view kAssigns = ": ";
  const std::size_t name = row.literal.find(kAssigns);
  if (name == std::string_view::npos) {
    return starts_in_any_case(there, row.literal) ? row.literal.size() : 0;
  }
  if (!starts_in_any_case(there, row.literal.substr(0, name))) return 0;
  const std::size_t gap = header_gap_after(there, name);
  const std::string_view value = row.literal.substr(name + kAssigns.size());
  if (gap == 0 || !starts_in_any_case(there.substr(name + gap), value)) return 0;
  return name + gap + value.size();
}

// The length of the token at `at` whose literal takes up `literal` bytes, or 0.
std::size_t match_token(const TokenDetector& row, std::string_view text, std::size_t at,
                        std::size_t literal) {
  std::size_t body = at + literal;
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

// The pairs of bytes that literals begin with: of running text one pair in a hundred.
class TokenPairs {
 public:
  TokenPairs() {
    for (const TokenDetector& row : token_detectors()) {
      const char first = row.literal[0], second = row.literal[1];  // none is shorter
      if (!row.gap) {
        pairs_[place(first, second)] = true;
        continue;
      }
      for (const char one : {to_lower_ascii(first), gate_upper(first)}) {
        for (const char two : {to_lower_ascii(second), gate_upper(second)}) {
          pairs_[place(one, two)] = true;
        }
      }
    }
  }
  bool holds(char first, char second) const { return pairs_[place(first, second)]; }

 private:
  static char gate_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }
  static std::size_t place(char first, char second) {
    return static_cast<std::size_t>(static_cast<unsigned char>(first)) << 8U |
           static_cast<unsigned char>(second);
  }
  std::bitset<65536> pairs_;
};

// Every place of every literal, in one pass that compares few literals a byte.
void find_tokens(std::string_view text, const GatePolicy& policy, std::vector<Finding>& findings) {
  if (policy.secrets == GateAction::kOff) return;
  const std::span<const TokenDetector> detectors = token_detectors();
  const FirstBytes& index = first_bytes();
  static const TokenPairs pairs;
  const std::span<const std::uint8_t> all_rows = index.token_rows;
  std::vector<std::size_t> ends(detectors.size());  // of the last match of each
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (!pairs.holds(text[at], text[at + 1])) continue;
    const FirstByte& first = first_byte(index, text[at]);
    const bool begins = is_border(index, text, at);
    if (!begins && !first.begins_inside) continue;
    for (const std::uint8_t number : all_rows.subspan(first.first_token, first.token_count)) {
      const TokenDetector& row = detectors[number];
      if ((!row.gap && !begins) || at < ends[number]) continue;
      const std::size_t literal = literal_at(row, text, at);
      if (literal == 0) continue;
      const std::size_t length = match_token(row, text, at, literal);
      if (length == 0 || !is_border(index, text, at + length)) continue;
      findings.push_back(
          {std::string(row.name), "secret", action_of("secret", row.action, policy), at, length});
      ends[number] = at + length;
    }
  }
}

// A bit for each shape that the policy asks for and the text may hold.
std::uint32_t possible_shapes(std::string_view text, const GatePolicy& policy) {
  std::uint32_t possible = 0, bit = 1;
  for (const ShapeDetector& row : shape_detectors()) {
    const bool wanted = action_of(row.kind, row.action, policy) != GateAction::kOff;
    if (wanted && text.find(row.needs) != std::string_view::npos) possible |= bit;
    bit <<= 1U;
  }
  return possible;
}

void find_shapes(std::string_view text, const GatePolicy& policy, std::vector<Finding>& findings) {
  const std::span<const ShapeDetector> detectors = shape_detectors();
  const FirstBytes& index = first_bytes();
  const std::uint32_t possible = possible_shapes(text, policy);
  std::vector<std::size_t> ends(detectors.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::uint32_t shapes = first_byte(index, text[at]).shapes & possible;
    if (shapes == 0 || !is_border(index, text, at)) continue;
    for (; shapes != 0; shapes &= shapes - 1) {
      const auto number = static_cast<std::size_t>(std::countr_zero(shapes));
      const ShapeDetector& row = detectors[number];
      if (at < ends[number]) continue;
      const std::size_t length = row.match(text, at);
      if (length == 0 && row.hopeless != nullptr) ends[number] = at + row.hopeless(text, at);
      if (length == 0 || !is_border(index, text, at + length)) continue;
      findings.push_back({std::string(row.name), std::string(row.kind),
                          action_of(row.kind, row.action, policy), at, length});
      ends[number] = at + length;
    }
  }
}

// Of findings that overlap the one stays of which more is made: an address that is only reported
// must not save the token in it. Of equals the first stays, at one place the longest. Where both
// go, what stays covers both, so that no rest of a secret is left.
void keep_apart(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    return a.start != b.start ? a.start < b.start : a.length > b.length;
  });
  std::vector<Finding> apart;
  for (Finding& one : findings) {
    if (apart.empty() || one.start >= apart.back().end()) {
      apart.push_back(std::move(one));
      continue;
    }
    Finding& last = apart.back();
    const bool both_go = std::min(last.action, one.action) >= GateAction::kRedact;
    const std::size_t start = last.start, end = std::max(last.end(), one.end());
    if (one.action > last.action) last = std::move(one);
    if (!both_go) continue;
    last.start = start;
    last.length = end - start;
  }
  findings = std::move(apart);
}

std::vector<Finding> find_all(std::string_view text, const GatePolicy& policy) {
  std::vector<Finding> findings;
  find_tokens(text, policy, findings);
  find_shapes(text, policy, findings);
  keep_apart(findings);
  return findings;
}

// The text from `from` on; what is found before it goes with what follows.
std::string redacted(std::string_view text, const std::vector<Finding>& findings,
                     std::size_t from = 0) {
  std::string out;
  std::size_t at = from;
  for (const Finding& one : findings) {
    if (one.action != GateAction::kRedact || one.end() <= from) continue;
    if (one.start > at) out += text.substr(at, one.start - at);
    out += cat("[redacted:", one.detector, "]");
    at = one.end();
  }
  return out += text.substr(at);
}

// The text without what must go, or nothing when it may stay. `name`: of the member that it is the
// value of, or "".
std::optional<std::string> redact_text(std::string_view name, const std::string& text,
                                       const GatePolicy& policy, Redactions& redactions) {
  const std::string named = name.empty() ? std::string() : cat(name, ": ", text);
  const std::string_view judged = name.empty() ? std::string_view(text) : named;
  const std::size_t from = judged.size() - text.size();
  std::vector<Finding> findings = find_all(judged, policy);
  bool any = false;
  for (Finding& one : findings) {
    if (one.action == GateAction::kRefuse) one.action = GateAction::kRedact;
    if (one.action != GateAction::kRedact || one.end() <= from) continue;
    ++redactions[one.detector];
    any = true;
  }
  if (!any) return std::nullopt;
  return redacted(judged, findings, from);
}

void redact_named(std::string_view name, json::Value& value, const GatePolicy& policy,
                  Redactions& redactions) {
  if (const std::string* text = value.as_string()) {
    if (auto changed = redact_text(name, *text, policy, redactions)) value = *std::move(changed);
  } else if (json::Array* array = value.as_array()) {
    for (json::Value& one : *array) redact_named(name, one, policy, redactions);
  } else if (json::Object* object = value.as_object()) {
    for (auto& [key, member] : *object) redact_named(key, member, policy, redactions);
  }
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

Error recalled(std::string_view what) {
  return make_error(Code::kPrecondition, cat("the text was recalled from memory: ", what),
                    "nothing was written",
                    "note what is new in your own words, or record an outcome of the memory",
                    "memory.write_gate.recalled_text");
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
  out.findings = find_all(text, policy);
  for (const Finding& one : out.findings) {
    if (one.action != GateAction::kRefuse) continue;
    return make_error(Code::kPrecondition,
                      cat("the text holds a ", one.kind, " (", one.detector, ", ", one.length,
                          " bytes at ", one.start, ")"),
                      "nothing was written",
                      "take it out of the text, or change [memory.write_gate] in config.toml",
                      cat("memory.write_gate.", one.detector));
  }
  out.text = redacted(text, out.findings);
  return out;
}

void redact_strings(json::Value& value, const GatePolicy& policy, Redactions& redactions) {
  if (policy.secrets == GateAction::kOff && policy.personal == GateAction::kOff) return;
  redact_named("", value, policy, redactions);
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
