// Markdown: a dialogue whose speakers stand in headings or in bold at the begin of a line, or prose
// under headings.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "transcript/readers.h"
#include "transcript/text_lines.h"

namespace cortex::transcript {
namespace {

enum class Voice { kNone, kUser, kAgent, kSystem };

struct VoiceRow {
  std::string_view name;
  Voice voice;
};
constexpr VoiceRow kVoices[] = {
    {"user", Voice::kUser},     {"human", Voice::kUser},      {"you", Voice::kUser},
    {"me", Voice::kUser},       {"assistant", Voice::kAgent}, {"claude", Voice::kAgent},
    {"chatgpt", Voice::kAgent}, {"ai", Voice::kAgent},        {"agent", Voice::kAgent},
    {"system", Voice::kSystem},
};

Voice voice_of(std::string_view name) {
  name = trim(name);
  while (!name.empty() && (name.back() == ':' || name.back() == '*')) name.remove_suffix(1);
  const auto* row = std::ranges::find(kVoices, to_lower_ascii(trim(name)), &VoiceRow::name);
  return row == std::end(kVoices) ? Voice::kNone : row->voice;
}

// What a line begins: a section under a heading, or a turn of a speaker with the rest of the line.
struct Opening {
  bool heading = false;
  Voice voice = Voice::kNone;
  std::string_view name, rest;
};

std::optional<Opening> opening_of(std::string_view line) {
  if (line.starts_with('#')) {
    const std::size_t text = line.find_first_not_of('#');
    if (text == std::string_view::npos || text > 6 || line[text] != ' ') return std::nullopt;
    const std::string_view name = trim(line.substr(text));
    return Opening{.heading = true, .voice = voice_of(name), .name = name, .rest = {}};
  }
  const bool bold = line.starts_with("**");
  const std::size_t colon = line.find(':');
  constexpr std::size_t kNameMost = 24;
  if (colon == std::string_view::npos || colon > kNameMost) return std::nullopt;
  const std::string_view name = bold ? line.substr(2, colon - 2) : line.substr(0, colon);
  const Voice voice = voice_of(name);
  if (voice == Voice::kNone) return std::nullopt;
  std::string_view rest = line.substr(colon + 1);
  if (bold && rest.starts_with("**")) rest.remove_prefix(2);
  return Opening{.heading = false, .voice = voice, .name = name, .rest = trim(rest)};
}

class Markdown {
 public:
  explicit Markdown(Emitter& out) : out_(out) {}

  Status line(std::string_view text) {
    if (text.starts_with("```") || text.starts_with("~~~")) in_fence_ = !in_fence_;
    const auto opening = in_fence_ ? std::nullopt : opening_of(text);
    if (!opening) {
      body_ += cat(text, "\n");
      return {};
    }
    CORTEX_TRY(finish());
    heading_ = opening->heading && opening->voice == Voice::kNone ? opening->name : "";
    voice_ = opening->voice;
    body_ = opening->rest.empty() ? std::string() : cat(opening->rest, "\n");
    return {};
  }

  Status finish() {
    const std::string body(trim(body_));
    body_.clear();
    if (body.empty() && heading_.empty()) return {};
    const Place place{
        .session = {}, .key = numbered_key("section", ++sections_), .with_content = true};
    if (voice_ == Voice::kUser) return out_.user(place, body);
    if (voice_ == Voice::kAgent) return out_.agent(place, "markdown", "text", body);
    json::Object payload{{"text", body}};
    if (!heading_.empty()) payload.add("heading", heading_);
    return out_.note(place, std::move(payload));
  }

 private:
  Emitter& out_;
  std::string body_, heading_;
  Voice voice_ = Voice::kNone;
  bool in_fence_ = false;
  std::uint64_t sections_ = 0;
};

}  // namespace

Status read_markdown(const ReadAt& read, Emitter& out) {
  Markdown markdown(out);
  return read_text_lines(read, out, markdown);
}

}  // namespace cortex::transcript
