#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"
#include "net/http.h"

namespace cortex::net {
namespace {

// Decimal, 0 to 255, without a sign or leading zeros.
bool is_octet(std::string_view text) {
  constexpr int kOctetMax = 255;
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size() && n >= 0 && n <= kOctetMax &&
         (text == "0" || text.front() != '0') && text.front() != '-';
}

bool is_loopback_v4(std::string_view host) {
  constexpr std::size_t kOctets = 4;
  const auto octets = split(host, '.');
  return octets.size() == kOctets && octets.front() == "127" &&
         std::ranges::all_of(octets, [](std::string_view o) { return !o.empty() && is_octet(o); });
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0;
}

}  // namespace

std::string join_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  while (path.starts_with('/')) path.remove_prefix(1);
  return cat(base, "/", path);
}

std::string url_host(std::string_view url) {
  constexpr std::string_view kBehindScheme = "://";
  const std::size_t scheme = url.find(kBehindScheme);
  if (scheme == std::string_view::npos || scheme == 0) return "";
  url.remove_prefix(scheme + kBehindScheme.size());
  url = url.substr(0, url.find_first_of("/?#"));
  if (const std::size_t user = url.rfind('@'); user != std::string_view::npos) {
    url.remove_prefix(user + 1);
  }
  if (url.starts_with('[')) return to_lower_ascii(url.substr(0, url.find(']') + 1));
  return to_lower_ascii(url.substr(0, url.find(':')));
}

bool is_loopback_url(std::string_view url) {
  // Readers of URLs disagree on what a backslash is.
  if (url.find('\\') != std::string_view::npos) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (to_lower_ascii(url.substr(0, scheme.size())) != scheme) continue;
    std::string_view authority = url.substr(scheme.size());
    authority = authority.substr(0, authority.find_first_of("/?#"));
    if (authority.find('@') != std::string_view::npos) return false;
    std::string_view host = authority, rest;
    if (authority.starts_with('[')) {
      const std::size_t end = authority.find(']');
      if (end == std::string_view::npos) return false;
      host = authority.substr(0, end + 1);
      rest = authority.substr(end + 1);
    } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
      host = authority.substr(0, colon);
      rest = authority.substr(colon);
    }
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
    return to_lower_ascii(host) == "localhost" || host == "[::1]" || is_loopback_v4(host);
  }
  return false;
}

std::string shown_url(std::string_view url) {
  const std::size_t authority = url.find("://");
  if (authority == std::string_view::npos) return std::string(url);
  const std::size_t begin = authority + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t user = url.substr(0, end).rfind('@');
  if (user == std::string_view::npos || user < begin) return std::string(url);
  return cat(url.substr(0, begin), "<redacted>", url.substr(user));
}

}  // namespace cortex::net
