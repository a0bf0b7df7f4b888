// Grafana's colour names, its classic palette and its gradients, as colours that a canvas takes; picks none for a value.

const SHADES = ['super-light-', 'light-', '', 'semi-dark-', 'dark-'];

/** Six shades a hue, light to dark: the dark theme uses the first five, the light theme the last five. */
const HUES = {
  red: ['#FFA6B0', '#FF7383', '#F2495C', '#E02F44', '#C4162A', '#AD0317'],
  orange: ['#FFCB7D', '#FFB357', '#FF9830', '#FF780A', '#FA6400', '#E55400'],
  yellow: ['#FFF899', '#FFEE52', '#FADE2A', '#F2CC0C', '#E0B400', '#CC9D00'],
  green: ['#C8F2C2', '#96D98D', '#73BF69', '#56A64B', '#37872D', '#19730E'],
  blue: ['#C0D8FF', '#8AB8FF', '#5794F2', '#3274D9', '#1F60C4', '#1250B0'],
  purple: ['#DEB6F2', '#CA95E5', '#B877D9', '#A352CC', '#8F3BB8', '#7C2EA3'],
};

const PALETTE = (
  'green semi-dark-yellow light-blue semi-dark-orange red blue purple #705DA0 dark-green yellow #447EBC #C15C17 ' +
  '#890F02 #0A437C #6D1F62 #584477 #B7DBAB #F4D598 #70DBED #F9BA8F #F29191 #82B5D8 #E5A8E2 #AEA2E0 #629E51 ' +
  '#E5AC0E #64B0C8 #E0752D #BF1B00 #0A50A1 #962D82 #614D93 #9AC48A #F2C96D #65C5DB #F9934E #EA6460 #5195CE ' +
  '#D683CE #806EB7 #3F6833 #967302 #2F575E #99440A #58140C #052B51 #511749 #3F2B5B #E0F9D7 #FCEACA #CFFAFF ' +
  '#F9E2D2 #FCE2DE #BADFF4 #F9D9F9 #DEDAF7'
).split(' ');

/** The stops of Grafana's continuous colour modes and of the heatmap's schemes, low to high. */
const GRADIENTS = {
  'continuous-GrYlRd': ['green', 'yellow', 'red'],
  'continuous-RdYlGr': ['red', 'yellow', 'green'],
  'continuous-BlYlRd': ['dark-blue', 'super-light-yellow', 'dark-red'],
  'continuous-YlRd': ['super-light-yellow', 'dark-red'],
  'continuous-BlPu': ['blue', 'purple'],
  'continuous-YlBl': ['super-light-yellow', 'dark-blue'],
  'continuous-blues': ['panel-bg', 'dark-blue'],
  'continuous-reds': ['panel-bg', 'dark-red'],
  'continuous-greens': ['panel-bg', 'dark-green'],
  'continuous-purples': ['panel-bg', 'dark-purple'],
  'continuous-viridis': ['#440154', '#3b528b', '#21918c', '#5ec962', '#fde725'],
  'continuous-plasma': ['#0d0887', '#7e03a8', '#cc4778', '#f89540', '#f0f921'],
  'continuous-inferno': ['#000004', '#57106e', '#bc3754', '#f98e09', '#fcffa4'],
  'continuous-magma': ['#000004', '#51127c', '#b73779', '#fc8961', '#fcfdbf'],
};

export const isLight = (theme) => theme?.name === 'light';

function named(name, theme) {
  const light = isLight(theme);
  if (name === 'text') return theme?.colors?.text ?? (light ? '#24292e' : '#ccccdc');
  if (name === 'panel-bg') return theme?.colors?.panel ?? (light ? '#ffffff' : '#181b1f');
  const shade = SHADES.findLastIndex((prefix) => prefix && name.startsWith(prefix));
  const prefix =
    shade < 0 ? '' : (['super-light-', 'semi-dark-'].find((long) => name.startsWith(long)) ?? SHADES[shade]);
  const hue = HUES[name.slice(prefix.length)];
  return hue?.[SHADES.indexOf(prefix) + (light ? 1 : 0)];
}

/** Any colour that a dashboard may hold: Grafana's names, hex, rgb(), CSS names. */
export function colour(name, theme) {
  if (!name) return named('text', theme);
  return named(name, theme) ?? name;
}

export function paletteColour(index, theme) {
  return colour(PALETTE[index % PALETTE.length], theme);
}

/** So many colours at the palette's start are easy to tell from each other and from both backgrounds. */
const DISTINCT = 12;

/** A colour of the palette that stays with a name, whatever else is shown. */
export function nameColour(name, theme) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return paletteColour(hash % DISTINCT, theme);
}

const parsed = new Map();
let canvas;

/** [red, green, blue, alpha]; what is no colour is grey. */
export function channels(css) {
  let found = parsed.get(css);
  if (found) return found;
  canvas ??= document.createElement('canvas').getContext('2d');
  canvas.fillStyle = '#808080';
  canvas.fillStyle = css;
  const plain = canvas.fillStyle;
  found = plain.startsWith('#')
    ? [1, 3, 5].map((at) => parseInt(plain.slice(at, at + 2), 16)).concat(1)
    : plain.match(/[\d.]+/g).map(Number);
  parsed.set(css, found);
  return found;
}

/** `opacity` from 0 to 1 multiplies the colour's own. */
export function translucent(css, opacity) {
  const [red, green, blue, alpha] = channels(css);
  return `rgba(${red}, ${green}, ${blue}, ${Math.round(alpha * opacity * 1000) / 1000})`;
}

/** `share` from 0 to 1 of the way from one colour to the other. */
function mixed(from, to, share) {
  const other = channels(to);
  const [red, green, blue] = channels(from).map((channel, at) => Math.round(channel + (other[at] - channel) * share));
  return `rgb(${red}, ${green}, ${blue})`;
}

/** The gradient of that name, or through those colours, as a function of 0…1; null for a name that is none. */
export function gradient(given, theme) {
  const stops = (Array.isArray(given) ? given : GRADIENTS[given])?.map((stop) => colour(stop, theme));
  if (!stops) return null;
  return (share) => {
    const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
    const at = Math.min(stops.length - 2, Math.floor(place));
    return mixed(stops[at], stops[at + 1], place - at);
  };
}

/** Black or white, whichever is easier to read on `css`. */
export function readableOn(css) {
  const [red, green, blue] = channels(css);
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? '#111217' : '#ffffff';
}
