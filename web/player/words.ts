// Every word that the player says, in one place.

export const words = {
  play: "Play",
  pause: "Pause",
  replay: "Play again",
  mute: "Mute",
  unmute: "Unmute",
  volume: "Volume",
  position: "Position",
  settings: "Settings",
  quality: "Quality",
  automatic: "Automatic",
  speed: "Speed",
  normalSpeed: "Normal",
  captions: "Captions",
  noCaptions: "None",
  pictureInPicture: "Picture in picture",
  theatre: "Wide player",
  fullscreen: "Full screen",
  exitFullscreen: "Leave full screen",
  live: "Live",
  retry: "Try again",
  reconnecting: "The connection was lost. Trying again…",
  controls: "Player controls",
  positionOf: (at: string, duration: string) => `${at} of ${duration}`,
  automaticNow: (label: string) => `Automatic (${label})`,
  sharingOn: "Other viewers can see your address while you watch",
  sharingOff: "Only the servers that hold this video see your address",
  sharingWith: (count: number) => count === 1 ? "1 viewer connected" : `${count} viewers connected`,
  sharingSwitch: "Share with other viewers",
  problem: {
    unreachable: (hosts: readonly string[]) => ({
      title: "This video cannot be reached right now",
      text: `No answer came from ${new Intl.ListFormat("en", { type: "disjunction" }).format(hosts)}. `
        + "Your place in the video is kept. Check your connection, then try again.",
    }),
    damaged: {
      title: "The copies of this video are damaged",
      text: "What the servers sent is not what its author published, so it was not shown. Trying again later may help.",
    },
    media: {
      title: "This video could not be played",
      text: "Your browser could not decode it. Your place in the video is kept. Try again, or try another browser.",
    },
    unsupported: {
      title: "This browser cannot play this video",
      text: "It lacks what streaming needs. A current version of Firefox, Chrome, Edge or Safari plays it.",
    },
    page: {
      title: "The player could not start",
      text: "This page is incomplete. Loading it again may help.",
    },
  },
} as const;

export interface Problem {
  readonly title: string;
  readonly text: string;
}
