#include "net/http_head.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace cortex::net {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

constexpr std::string_view kTokenSigns = "!#$%&'*+-.^_`|~";

bool is_token(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kTokenSigns.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

// Visible characters, blanks, tabs, and bytes that are not ASCII.
bool is_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7F);
  });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<HeadFault> read_request_line(std::string_view line, HttpHead& head) {
  const std::vector<std::string_view> words = split(line, ' ');
  if (words.size() != 3 || !is_token(words[0]) || !is_target(words[1])) {
    return HeadFault{400, "the request line is none"};
  }
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") {
    return HeadFault{505, "only HTTP/1.1 is spoken here"};
  }
  head.method = words[0];
  head.target = words[1];
  head.is_old = words[2] == "HTTP/1.0";
  return std::nullopt;
}

std::optional<HeadFault> read_header(std::string_view line, HttpHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
      !is_value(line.substr(colon + 1))) {
    return HeadFault{400, "a header line is none"};
  }
  if (head.headers.size() == kHeadersMax) return HeadFault{431, "too many headers"};
  head.headers.emplace_back(to_lower_ascii(line.substr(0, colon)),
                            trim_blanks(line.substr(colon + 1)));
  return std::nullopt;
}

std::size_t count(const HttpHead& head, std::string_view name) {
  return static_cast<std::size_t>(
      std::ranges::count(head.headers, name, &std::pair<std::string, std::string>::first));
}

bool lists(const HttpHead& head, std::string_view name, std::string_view word) {
  const std::string* value = head.find(name);
  if (value == nullptr) return false;
  const std::string lower = to_lower_ascii(*value);
  const std::vector<std::string_view> words = split(lower, ',');
  return std::ranges::any_of(words, [&](std::string_view one) { return trim_blanks(one) == word; });
}

std::optional<HeadFault> read_framing(HttpHead& head) {
  if (count(head, "host") != 1 && !(head.is_old && count(head, "host") == 0)) {
    return HeadFault{400, "one Host header is needed"};
  }
  if (count(head, "transfer-encoding") > 0) {
    return HeadFault{411, "a body needs Content-Length"};
  }
  if (count(head, "content-length") > 1) return HeadFault{400, "Content-Length is there twice"};
  if (const std::string* text = head.find("content-length")) {
    const bool digits = !text->empty() && std::ranges::all_of(*text, is_digit);
    const auto [end, error] =
        std::from_chars(text->data(), text->data() + text->size(), head.body_bytes);
    if (!digits || error != std::errc() || end != text->data() + text->size()) {
      return HeadFault{400, "Content-Length is no number"};
    }
  }
  head.keep_alive =
      head.is_old ? lists(head, "connection", "keep-alive") : !lists(head, "connection", "close");
  head.wants_continue = lists(head, "expect", "100-continue");
  return std::nullopt;
}

}  // namespace

const std::string* HttpHead::find(std::string_view name) const {
  const auto row = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return row == headers.end() ? nullptr : &row->second;
}

std::string_view HttpHead::path() const {
  const std::string_view text(target);
  return text.substr(0, text.find('?'));
}

std::size_t head_end(std::string_view text) {
  const std::size_t at = text.find(kHeadEnd);
  return at == std::string_view::npos ? at : at + kHeadEnd.size();
}

std::variant<HttpHead, HeadFault> parse_head(std::string_view text) {
  HttpHead head;
  if (!text.ends_with(kHeadEnd)) return HeadFault{400, "the head does not end"};
  text.remove_suffix(kLineEnd.size());
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find(kLineEnd);
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    if (auto fault = first ? read_request_line(line, head) : read_header(line, head)) {
      return *std::move(fault);
    }
    first = false;
  }
  if (auto fault = read_framing(head)) return *std::move(fault);
  return head;
}

}  // namespace cortex::net
