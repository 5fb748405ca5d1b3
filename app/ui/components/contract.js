/**
 * What Python gives to boards and controls (app/ui/contract.py), and what the components make of it. Types alone: no
 * browser ever asks for this file.
 *
 * @module
 */

/**
 * @typedef {object} Settings
 * @property {number} k
 * @property {number[]} sizes
 * @property {number | null} class_index
 * @property {boolean} distinct
 */

/**
 * @typedef {object} Choices
 * @property {number} cells
 * @property {number[]} sizes
 * @property {number[]} own_sizes
 * @property {boolean} views
 */

/**
 * @typedef {object} Controls
 * @property {string} live
 * @property {number} answers
 * @property {Settings} settings
 * @property {Choices} choices
 * @property {Record<string, string>} locks
 * @property {string | null} truth
 * @property {Record<string, string>} words
 */

/**
 * @typedef {object} Numbers
 * @property {string} live
 * @property {string[]} classes
 * @property {string[]} names
 * @property {{ getChildAt: (column: number) => { toArray: () => Uint8Array } }} content
 */

/**
 * @typedef {object} Drawn
 * @property {number} k
 * @property {number[]} sizes
 * @property {number} class_index
 */

/**
 * @typedef {object} LivePanel
 * @property {string} id
 * @property {string} kind
 * @property {string} draws
 * @property {Record<string, string>} words
 */

/**
 * @typedef {object} Live
 * @property {string} numbers
 * @property {Drawn} drawn
 * @property {string[]} size_colours
 * @property {string} anchor_colour
 * @property {Record<string, string>} words
 */

/**
 * @typedef {object} Board
 * @property {string} name
 * @property {string} channel
 * @property {string} picture
 * @property {[number, number]} size
 * @property {[number, number]} grid
 * @property {boolean} small
 * @property {string} scale
 * @property {[number, number] | null} selected
 * @property {Record<string, string>} palettes
 * @property {(LivePanel | Panel)[]} panels
 * @property {Recipe} recipe
 * @property {Record<string, any>} words
 * @property {Live | null} live
 */

/**
 * @typedef {object} Head
 * @property {string} name
 * @property {string} colour
 * @property {string} answers
 */

/**
 * @typedef {object} LiveVerdict
 * @property {string} live
 * @property {Head[]} heads
 * @property {string | null} truth
 * @property {number} most
 * @property {Record<string, string>} words
 */

/**
 * @typedef {object} Box one region on a panel
 * @property {number[]} px
 * @property {number} rank
 * @property {number} size
 * @property {number} confidence
 * @property {string} colour
 * @property {string} name
 * @property {string} value
 * @property {string} tag
 * @property {string} label
 */

/**
 * @typedef {object} Panel a panel that is ready to be shown, whoever made it
 * @property {string} id
 * @property {string} kind
 * @property {string} title
 * @property {string} [symbol]
 * @property {string} [unit]
 * @property {string} [caption]
 * @property {boolean} [sharp]
 * @property {string} alt
 * @property {string} [rest]
 * @property {string} [message]
 * @property {number[] | null} [values]
 * @property {number[][]} [cells]
 * @property {string} [colour]
 * @property {Box[]} [boxes]
 * @property {{ text: string, colour: string, shape: string }[]} [key]
 * @property {boolean} [waiting] whether it belongs to other settings than those that are set
 */

/** @typedef {Record<string, any> & { text: string }} Recipe what made the numbers, for files */

/** @typedef {import("../web/mfa.js").Payload} Payload */
/** @typedef {import("../web/mfa.js").View} View */

/**
 * @typedef {object} Row one class of the verdict
 * @property {string} name
 * @property {string[]} notes
 * @property {boolean} predicted
 * @property {{ share: number, text: string }[]} values
 */

export {};
